// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_act_xbar: no bank is accessed beyond its rows when no client asks for
// that; a bank serves one client a cycle and direction, and a client that is taken gets its bank.
  logic [NPX-1:0]    f_all_read, f_all_write;    // what the banks get
  logic [16*NPX-1:0] f_all_read_row, f_all_write_row;
  for (genvar k = 0; k < NPX; k++) begin : gen_formal
    assign f_all_read[k]  = gen_bank[k].read;
    assign f_all_write[k] = gen_bank[k].write;
    assign f_all_read_row[16*k+:16]  = gen_bank[k].read_row;
    assign f_all_write_row[16*k+:16] = gen_bank[k].write_row;
  end
  logic [7:0]  f_reads, f_writes;
  always @(posedge clk_i) begin
    assume ((front_en_i & residual_en_i) == '0);
    for (int k = 0; k < NPX; k++) begin
      if (front_en_i[k]) assume (front_row_i[16*k+:16] < 16'(ACT_ROWS));
      if (residual_en_i[k]) assume (residual_row_i[16*k+:16] < 16'(ACT_ROWS));
      if (write_i[k]) assume (write_row_i[16*k+:16] < 16'(ACT_ROWS));
    end
    for (int p = 0; p < PORTS; p++) begin
      if (load_valid_i[p]) assume (load_row_i[16*p+:16] < 16'(ACT_ROWS));
      if (store_valid_i[p]) assume (store_row_i[16*p+:16] < 16'(ACT_ROWS));
    end
    for (int k = 0; k < NPX; k++) begin
      f_reads  = 8'(front_en_i[k]) + 8'(residual_en_i[k]);
      f_writes = 8'(write_i[k]);
      for (int p = 0; p < PORTS; p++) begin
        f_reads  = f_reads + 8'(store_valid_i[p] && store_ready_o[p]
                                && store_bank_i[BankW*p+:BankW] == BankW'(k));
        f_writes = f_writes + 8'(load_valid_i[p] && load_ready_o[p]
                                 && load_bank_i[BankW*p+:BankW] == BankW'(k));
      end
      assert (f_reads <= 8'd1 && f_writes <= 8'd1);
      assert (f_all_read[k] == f_reads[0] && f_all_write[k] == f_writes[0]);
      if (f_all_read[k]) assert (f_all_read_row[16*k+:16] < 16'(ACT_ROWS));
      if (f_all_write[k]) assert (f_all_write_row[16*k+:16] < 16'(ACT_ROWS));
      if (front_en_i[k]) assert (f_all_read_row[16*k+:16] == front_row_i[16*k+:16]);
      if (residual_en_i[k]) assert (f_all_read_row[16*k+:16] == residual_row_i[16*k+:16]);
      if (write_i[k]) assert (f_all_write_row[16*k+:16] == write_row_i[16*k+:16]);
      for (int p = 0; p < PORTS; p++) begin
        if (store_valid_i[p] && store_ready_o[p] && store_bank_i[BankW*p+:BankW] == BankW'(k)) begin
          assert (f_all_read_row[16*k+:16] == store_row_i[16*p+:16]);
        end
        if (load_valid_i[p] && load_ready_o[p] && load_bank_i[BankW*p+:BankW] == BankW'(k)) begin
          assert (f_all_write_row[16*k+:16] == load_row_i[16*p+:16]);
        end
      end
    end
    // Nobody waits for nothing: the lowest port of a bank that is idle is taken.
    if (store_valid_i[0] && !reads[store_bank_i[0+:BankW]]) assert (store_ready_o[0]);
    if (load_valid_i[0] && !write_i[load_bank_i[0+:BankW]]) assert (load_ready_o[0]);
  end
