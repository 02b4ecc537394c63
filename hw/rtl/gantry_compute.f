gantry_compute.sv
