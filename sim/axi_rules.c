/* SPDX-License-Identifier: Apache-2.0
 * AXI rules of a master; see axi_rules.h. */
#include "sim/axi_rules.h"

#include <stdio.h>
#include <string.h>

#include "gantry_spec.h"

enum { PAGE_BYTES = 4096, SIZE_16_BYTES = 4, BURST_INCR = 1 };

struct address_channel {
    const char *name;
    uint64_t address;
    uint8_t len, size, burst;
    bool valid;
};

static const char *check_burst(struct gantry_axi_rules *rules, const struct address_channel *c)
{
    unsigned beats = c->len + 1u;
    const char *what = NULL;
    if (c->size != SIZE_16_BYTES)
        what = "SIZE is not 16 bytes";
    else if (c->burst != BURST_INCR)
        what = "BURST is not INCR";
    else if (beats > GANTRY_BURST_BEATS)
        what = "burst is longer than 64 beats";
    else if (c->address % GANTRY_AXI_BYTES)
        what = "address is not a multiple of 16";
    else if (c->address % PAGE_BYTES + beats * GANTRY_AXI_BYTES > PAGE_BYTES)
        what = "burst crosses 4 KB";
    if (!what) return NULL;
    snprintf(rules->text, sizeof rules->text, "%s: %s (address 0x%llx, %u beats)", c->name, what,
             (unsigned long long)c->address, beats);
    return rules->text;
}

static const char *check_address(struct gantry_axi_rules *rules, const struct address_channel *now,
                                 const struct address_channel *last, bool waited)
{
    if (waited && (!now->valid || now->address != last->address || now->len != last->len ||
                   now->size != last->size || now->burst != last->burst)) {
        snprintf(rules->text, sizeof rules->text, "%s: %s changed before READY (address 0x%llx)",
                 now->name, now->valid ? "payload" : "VALID", (unsigned long long)last->address);
        return rules->text;
    }
    return now->valid && !waited ? check_burst(rules, now) : NULL;
}

static struct address_channel read_channel(const struct gantry_axi_request *q)
{
    return (struct address_channel){"AR", q->araddr, q->arlen, q->arsize, q->arburst, q->arvalid};
}

static struct address_channel write_channel(const struct gantry_axi_request *q)
{
    return (struct address_channel){"AW", q->awaddr, q->awlen, q->awsize, q->awburst, q->awvalid};
}

static const char *check_data(const struct gantry_axi_rules *rules,
                              const struct gantry_axi_request *q)
{
    const struct gantry_axi_request *last = &rules->last;
    if (!rules->w_waits) return NULL;
    if (q->wvalid && q->wlast == last->wlast && q->wstrb == last->wstrb &&
        !memcmp(q->wdata, last->wdata, sizeof q->wdata))
        return NULL;
    return q->wvalid ? "W: payload changed before READY" : "W: VALID changed before READY";
}

const char *gantry_axi_rules_check(struct gantry_axi_rules *rules,
                                   const struct gantry_axi_request *request,
                                   const struct gantry_axi_response *response)
{
    const char *breach = NULL;
    if (request->arvalid || rules->ar_waits) {
        struct address_channel now = read_channel(request);
        struct address_channel last = read_channel(&rules->last);
        breach = check_address(rules, &now, &last, rules->ar_waits);
    }
    if (!breach && (request->awvalid || rules->aw_waits)) {
        struct address_channel now = write_channel(request);
        struct address_channel last = write_channel(&rules->last);
        breach = check_address(rules, &now, &last, rules->aw_waits);
    }
    if (!breach) breach = check_data(rules, request);
    rules->ar_waits = request->arvalid && !response->arready;
    rules->aw_waits = request->awvalid && !response->awready;
    rules->w_waits = request->wvalid && !response->wready;
    if (rules->ar_waits || rules->aw_waits || rules->w_waits) rules->last = *request;
    return breach;
}
