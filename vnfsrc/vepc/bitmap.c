/* The set of free numbers: see bitmap.h. */
#include "bitmap.h"

#include "portvnf/native.h"

static u64 words(u64 bits)
{
    return (bits + 63) >> 6;
}

u64 bitmap_footprint(u64 size)
{
    u64 total = 0;
    for (u64 level = 0; level < BITMAP_LEVELS; level++) {
        size = words(size);
        total += size * 8;
    }
    return total;
}

void bitmap_init(struct bitmap *map, u64 size, u8 *memory)
{
    u64 bits = size;
    map->size = size;
    map->free = size;
    for (u64 level = 0; level < BITMAP_LEVELS; level++) {
        u64 *word = pv_native(memory);
        u64 count = words(bits);
        map->level[level] = word;
        for (u64 i = 0; i < count; i++)
            word[i] = ~0ull;
        if (bits & 63)
            word[count - 1] = (1ull << (bits & 63)) - 1;
        memory += count * 8;
        bits = count;
    }
}

int bitmap_is_free(const struct bitmap *map, u64 number)
{
    return number < map->size && (map->level[0][number >> 6] >> (number & 63) & 1);
}

/* The smallest set bit >= from, climbing while the rest of a word is empty. */
static u64 search(const struct bitmap *map, u64 from)
{
    u64 bits = map->size;
    for (u64 level = 0; level < BITMAP_LEVELS; level++) {
        if (from >= bits)
            return BITMAP_NONE;
        u64 word = map->level[level][from >> 6] & (~0ull << (from & 63));
        if (word) {
            u64 found = (from & ~63ull) + (u64)__builtin_ctzll(word);
            while (level > 0) {
                level--;
                found = (found << 6) + (u64)__builtin_ctzll(map->level[level][found]);
            }
            return found;
        }
        from = (from >> 6) + 1;
        bits = words(bits);
    }
    return BITMAP_NONE;
}

u64 bitmap_next(const struct bitmap *map, u64 from)
{
    u64 found = search(map, from);
    return found == BITMAP_NONE ? search(map, 0) : found;
}

void bitmap_take(struct bitmap *map, u64 number)
{
    map->free--;
    for (u64 level = 0; level < BITMAP_LEVELS; level++) {
        u64 *word = &map->level[level][number >> 6];
        *word &= ~(1ull << (number & 63));
        if (*word)
            return;
        number >>= 6;
    }
}

void bitmap_release(struct bitmap *map, u64 number)
{
    map->free++;
    for (u64 level = 0; level < BITMAP_LEVELS; level++) {
        map->level[level][number >> 6] |= 1ull << (number & 63);
        number >>= 6;
    }
}
