/* Runs a fuzz target on each file that is named: a corpus without a fuzzer, by any compiler. */
#include <stdio.h>
#include <stdlib.h>

#include "portvnf/types.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int main(int count, char **names)
{
    for (int i = 1; i < count; i++) {
        FILE *stream = fopen(names[i], "rb");
        if (!stream) {
            fprintf(stderr, "replay: cannot read %s\n", names[i]);
            return 2;
        }
        fseek(stream, 0, SEEK_END);
        u64 size = (u64)ftell(stream);
        rewind(stream);
        u8 *data = malloc(size + 1);
        if (!data || fread(data, 1, size, stream) != size)
            return 2;
        fclose(stream);
        LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    printf("%d\n", count - 1);
    return 0;
}
