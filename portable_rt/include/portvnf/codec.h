/* Reading and writing canonical records, field by field.
 *
 * The generated encoders and decoders are made of these calls alone. A writer
 * assumes room for the record's largest encoding. A reader never reads past its
 * end; its first error sticks, with the number of the field, and every later
 * read gives zero.
 */
#ifndef PORTVNF_CODEC_H
#define PORTVNF_CODEC_H

#include "vnf.h"
#include "wire.h"

struct pv_writer {
    u8 *base;
    u64 length; /* bytes written so far */
};

struct pv_reader {
    const u8 *at;
    u64 left;  /* bytes from there on */
    u64 field; /* number of the field being read, from 1; stays at the refused one
                */
    i64 error; /* 0, or a negative PV_ERROR */
};

PV_INLINE void pv_write_u8(struct pv_writer *w, u64 value)
{
    w->base[w->length++] = (u8)value;
}

PV_INLINE void pv_write_u16(struct pv_writer *w, u64 value)
{
    pv_store_be16(w->base + w->length, (u32)value);
    w->length += 2;
}

PV_INLINE void pv_write_u32(struct pv_writer *w, u64 value)
{
    pv_store_be32(w->base + w->length, (u32)value);
    w->length += 4;
}

PV_INLINE void pv_write_u64(struct pv_writer *w, u64 value)
{
    pv_store_be64(w->base + w->length, value);
    w->length += 8;
}

PV_INLINE void pv_write_octets(struct pv_writer *w, const u8 *octets, u64 count)
{
    __builtin_memcpy(w->base + w->length, octets, count);
    w->length += count;
}

PV_INLINE void pv_write_address(struct pv_writer *w, const struct pv_address *address)
{
    pv_write_u64(w, address->high);
    pv_write_u64(w, address->low);
}

PV_INLINE void pv_refuse(struct pv_reader *r, i64 error)
{
    if (r->error == 0)
        r->error = error;
}

/* Begins the next field. */
PV_INLINE void pv_next_field(struct pv_reader *r, u64 number)
{
    if (r->error == 0)
        r->field = number;
}

/* The next `count` bytes, or 0 after an error. */
PV_INLINE const u8 *pv_take(struct pv_reader *r, u64 count)
{
    const u8 *here = r->at;
    if (r->error == 0 && r->left < count)
        r->error = -PV_ERROR_TRUNCATED;
    if (r->error != 0)
        return 0;
    r->at = here + count;
    r->left -= count;
    return here;
}

PV_INLINE u8 pv_read_u8(struct pv_reader *r)
{
    const u8 *p = pv_take(r, 1);
    return p ? *p : 0;
}

PV_INLINE u16 pv_read_u16(struct pv_reader *r)
{
    const u8 *p = pv_take(r, 2);
    return p ? pv_load_be16(p) : 0;
}

PV_INLINE u32 pv_read_u32(struct pv_reader *r)
{
    const u8 *p = pv_take(r, 4);
    return p ? pv_load_be32(p) : 0;
}

PV_INLINE u64 pv_read_u64(struct pv_reader *r)
{
    const u8 *p = pv_take(r, 8);
    return p ? pv_load_be64(p) : 0;
}

PV_INLINE void pv_read_octets(struct pv_reader *r, u8 *octets, u64 count)
{
    const u8 *p = pv_take(r, count);
    if (p)
        __builtin_memcpy(octets, p, count);
    else
        __builtin_memset(octets, 0, count);
}

PV_INLINE void pv_read_address(struct pv_reader *r, struct pv_address *address)
{
    const u8 *p = pv_take(r, 16);
    address->high = p ? pv_load_be64(p) : 0;
    address->low = p ? pv_load_be64(p + 8) : 0;
}

/* Refuses a value outside low..high; returns it, or `low` after an error. */
PV_INLINE u64 pv_in_range(struct pv_reader *r, u64 value, u64 low, u64 high)
{
    if (r->error == 0 && (value < low || value > high))
        r->error = -PV_ERROR_NOT_CANONICAL;
    return r->error == 0 ? value : low;
}

/* Refuses anything but printable ASCII without spaces. */
PV_INLINE void pv_check_text(struct pv_reader *r, const u8 *text, u64 count)
{
    for (u64 i = 0; i < count; i++)
        if (text[i] < 0x21 || text[i] > 0x7e)
            pv_refuse(r, -PV_ERROR_NOT_CANONICAL);
}

#endif
