/* portvnf-host: a stand-alone host for ISAs and machines that have no Python.
 *
 * Exit status 0, or 2 with one sentence on stderr.
 */
#include <stdio.h>
#include <stdlib.h>

#include "file_bytes.h"
#include "options.h"
#include "serve.h"
#include "vnf_object.h"

#define EXIT_ERROR 2

static i64 replay(const struct pv_vnf_object *object, const struct pv_options *options)
{
    u64 length;
    u8 *trace = pv_file_bytes(options->replay, &length);
    if (!trace)
        return -1;
    char error[1024] = "";
    i64 packets = pv_replay(&object->calls, trace, length, options->fill, options->output, error,
                            sizeof error);
    free(trace);
    if (packets < 0)
        fprintf(stderr, "portvnf-host: %s: %s\n", options->replay, error);
    else
        printf("%s: %lld packets\n", options->output, packets);
    return packets;
}

int main(int count, char **words)
{
    struct pv_options options;
    if (pv_options_parse(&options, count, words) < 0)
        return EXIT_ERROR;
    if (options.help) {
        fputs(pv_options_help, stdout);
        return EXIT_SUCCESS;
    }
    struct pv_vnf_object object;
    if (pv_vnf_object_open(&object, options.vnf) < 0)
        return EXIT_ERROR;
    i64 result = options.replay ? replay(&object, &options) : pv_serve(&object, &options);
    pv_vnf_object_close(&object);
    return result < 0 ? EXIT_ERROR : EXIT_SUCCESS;
}
