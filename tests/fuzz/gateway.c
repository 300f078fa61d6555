/* The gateway under the fuzzers: see gateway.h. */
#include "gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_NS 1000000000ull
#define EXPORT_MOST (1u << 22) /* bytes of all sections of a small gateway */

static u8 *file;
static u64 file_length;
static u8 *snapshot[ARENAS]; /* the arenas in the beginning: they hold pointers into themselves */
static struct gateway gateway;

_Noreturn void finding(const char *what)
{
    fprintf(stderr, "finding: %s\n", what);
    abort();
}

static _Noreturn void unusable(const char *what)
{
    fprintf(stderr, "fuzz: %s\n", what);
    exit(2);
}

static void read_file(void)
{
    const char *path = getenv("PORTVNF_FUZZ_STATE");
    FILE *stream = path ? fopen(path, "rb") : NULL;
    if (!stream)
        unusable("PORTVNF_FUZZ_STATE names no file that can be read");
    fseek(stream, 0, SEEK_END);
    file_length = (u64)ftell(stream);
    rewind(stream);
    file = malloc(file_length + 1);
    if (!file || fread(file, 1, file_length, stream) != file_length)
        unusable("the state's file cannot be read");
    fclose(stream);
}

/* Splits the file; returns the configuration. */
static struct part split(void)
{
    struct part config = {0, NULL, 0};
    for (u64 at = 0; at + 6 <= file_length;) {
        struct part part = {pv_load_be16(file + at), file + at + 6, pv_load_be32(file + at + 2)};
        if (part.length > file_length - at - 6 || gateway.parts == SECTIONS_MAX)
            unusable("the state's file is damaged");
        if (part.section == 0)
            config = part;
        else
            gateway.part[gateway.parts++] = part;
        at += 6 + part.length;
    }
    return config;
}

i64 gateway_import(u8 *arena, u64 section, const u8 *data, u64 length, u64 now_ns)
{
    struct pv_import step = {
        .section = section, .first = 1, .length = length, .now_ns = now_ns, .buffer = data};
    return vnf_import(arena, &step);
}

static void make_arena(u64 number, const struct part *config)
{
    u8 *arena = aligned_alloc(64, gateway.arena_length);
    snapshot[number] = malloc(gateway.arena_length);
    if (!arena || !snapshot[number])
        unusable("memory is short");
    memset(arena, 0, gateway.arena_length);
    if (vnf_init(arena, gateway.arena_length, config->data, config->length, START_NS))
        unusable("the gateway cannot be initialised");
    gateway.arena[number] = arena;
}

static void prepare(void)
{
    read_file();
    struct part config = split();
    i64 length = vnf_arena_size(config.data, config.length);
    if (length <= 0)
        unusable("the state's configuration is refused");
    gateway.arena_length = (u64)length;
    for (u64 i = 0; i < ARENAS; i++)
        make_arena(i, &config);
    for (u64 i = 0; i < gateway.parts; i++)
        if (gateway_import(gateway.arena[0], gateway.part[i].section, gateway.part[i].data,
                           gateway.part[i].length, START_NS))
            unusable("a section of the state is refused");
    if (gateway_import(gateway.arena[0], PV_IMPORT_COMPLETE, NULL, 0, START_NS))
        unusable("the state is not whole");
    for (u64 i = 0; i < ARENAS; i++)
        memcpy(snapshot[i], gateway.arena[i], gateway.arena_length);
}

struct gateway *gateway_reset(void)
{
    if (!snapshot[0])
        prepare();
    for (u64 i = 0; i < ARENAS; i++)
        memcpy(gateway.arena[i], snapshot[i], gateway.arena_length);
    gateway.now_ns = START_NS;
    return &gateway;
}

/* Exports one section whole; returns its length. */
static u64 export_section(u8 *arena, u64 section, u8 *buffer, u64 capacity)
{
    struct pv_export step = {.section = section, .buffer = buffer, .capacity = capacity};
    u64 length = 0;
    do {
        i64 error = vnf_export(arena, &step);
        if (error || step.length > step.capacity)
            finding("an export fails");
        length += step.length;
        step.buffer += step.length;
        step.capacity -= step.length;
    } while (step.more);
    return length;
}

void gateway_check_canonical(struct gateway *g, u8 *from, u8 *into)
{
    static u8 first[EXPORT_MOST];
    static u8 second[EXPORT_MOST];
    u64 lengths[SECTIONS_MAX];
    u64 used = 0;
    for (u64 i = 0; i < g->parts; i++) {
        lengths[i] = export_section(from, g->part[i].section, first + used, EXPORT_MOST - used);
        if (gateway_import(into, g->part[i].section, first + used, lengths[i], g->now_ns))
            finding("what was exported is refused");
        used += lengths[i];
    }
    if (gateway_import(into, PV_IMPORT_COMPLETE, NULL, 0, g->now_ns))
        finding("what was exported is not whole");
    used = 0;
    for (u64 i = 0; i < g->parts; i++) {
        u64 length = export_section(into, g->part[i].section, second, EXPORT_MOST);
        if (length != lengths[i] || memcmp(first + used, second, length) != 0)
            finding("an export of what was imported differs");
        used += length;
    }
}
