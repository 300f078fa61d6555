/* Reading the command line. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char pv_options_help[] =
    "Runs a VNF that is a shared object: a build by GCC (portvnf build-native) or an\n"
    "artifact translated ahead of time (portvnf translate).\n"
    "\n"
    "  portvnf-host --vnf FILE --config FILE --port NUMBER:DRIVER[:ARGUMENTS]... [--seconds N]\n"
    "      runs it on ports until SIGINT or SIGTERM, or for N seconds\n"
    "  portvnf-host --vnf FILE --replay TRACE --output RESULT [--fill BYTE]\n"
    "      replays a trace and writes what came of it\n"
    "\n"
    "  --config   the canonical configuration: portvnf config encode vepc.toml -o vepc.cfg\n"
    "  --port     such as 0:tun:device=s11 or 2:pcap:rx=in.pcap,tx=out.pcap\n"
    "  --fill     what packet buffers hold before a packet is put in (0 to 255)\n";

static i64 refuse(const char *reason, const char *what)
{
    fprintf(stderr, "portvnf-host: %s%s%s\n", reason, what ? ": " : "", what ? what : "");
    return -1;
}

static i64 parse_number(const char *text, u64 most, u64 *value)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || number > most)
        return refuse("this is no number, or too large a one", text);
    *value = number;
    return 0;
}

static i64 parse_port(struct pv_options *options, char *text)
{
    if (options->port_count == PV_PORTS_MAX)
        return refuse("there are too many ports", NULL);
    char *driver = strchr(text, ':');
    if (!driver)
        return refuse("a port is NUMBER:DRIVER[:ARGUMENTS], not", text);
    *driver++ = 0;
    char *arguments = strchr(driver, ':');
    if (arguments)
        *arguments++ = 0;
    struct pv_port_option *port = &options->ports[options->port_count++];
    *port = (struct pv_port_option){.driver = driver, .arguments = arguments ? arguments : ""};
    return parse_number(text, PV_PORTS_MAX - 1, &port->number);
}

enum { VNF = 'v', REPLAY = 'r', OUTPUT = 'o', FILL = 'f', CONFIG = 'c', PORT = 'p', SECONDS = 's' };

static const struct option known[] = {
    {"vnf", required_argument, NULL, VNF},
    {"replay", required_argument, NULL, REPLAY},
    {"output", required_argument, NULL, OUTPUT},
    {"fill", required_argument, NULL, FILL},
    {"config", required_argument, NULL, CONFIG},
    {"port", required_argument, NULL, PORT},
    {"seconds", required_argument, NULL, SECONDS},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static i64 take(struct pv_options *options, int letter)
{
    switch (letter) {
    case VNF:
        options->vnf = optarg;
        return 0;
    case REPLAY:
        options->replay = optarg;
        return 0;
    case OUTPUT:
        options->output = optarg;
        return 0;
    case FILL:
        return parse_number(optarg, 255, &options->fill);
    case CONFIG:
        options->config = optarg;
        return 0;
    case PORT:
        return parse_port(options, optarg);
    case SECONDS:
        return parse_number(optarg, 1u << 30, &options->seconds);
    case 'h':
        options->help = 1;
        return 0;
    default:
        return -1; /* getopt has said why */
    }
}

i64 pv_options_parse(struct pv_options *options, int count, char **words)
{
    *options = (struct pv_options){0};
    for (int letter; (letter = getopt_long(count, words, "", known, NULL)) != -1;)
        if (take(options, letter) < 0)
            return -1;
    if (options->help)
        return 0;
    if (optind < count)
        return refuse("unknown argument", words[optind]);
    if (!options->vnf)
        return refuse("--vnf FILE is missing (--help shows more)", NULL);
    if (options->replay)
        return options->output ? 0 : refuse("--replay needs --output FILE", NULL);
    if (!options->config || !options->port_count)
        return refuse("either --replay, or --config and --port are needed", NULL);
    return 0;
}
