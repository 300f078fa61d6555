/* Reading whole files. */
#include "file_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static u8 *read_all(FILE *file, u64 *length)
{
    u64 room = 1 << 16;
    u8 *bytes = malloc(room);
    *length = 0;
    while (bytes) {
        *length += fread(bytes + *length, 1, room - *length, file);
        if (*length < room)
            return bytes;
        room *= 2;
        u8 *larger = realloc(bytes, room);
        if (!larger)
            free(bytes);
        bytes = larger;
    }
    return NULL;
}

u8 *pv_file_bytes(const char *path, u64 *length)
{
    FILE *file = fopen(path, "rb");
    u8 *bytes = NULL;
    if (file)
        bytes = read_all(file, length);
    if (!file || !bytes || ferror(file)) {
        fprintf(stderr, "portvnf-host: cannot read %s: %s\n", path, strerror(errno));
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    return bytes;
}
