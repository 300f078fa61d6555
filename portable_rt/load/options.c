/* Reading the command line: see options.h. */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "window.h"

#define GTPC_PORT 2123
#define UES_MAX 16000000

const char options_help[] =
    "Plays an MME on S11 that attaches and detaches UEs as fast as a gateway answers.\n"
    "\n"
    "  portvnf-load --local ADDRESS --gateway ADDRESS --enb ADDRESS --ues N [OPTION]...\n"
    "\n"
    "  --apn NAME    the APN asked for (internet)\n"
    "  --window N    requests under way at once, a power of two up to 1024 (64)\n"
    "  --t3-ms N     T3-RESPONSE (1000)\n"
    "  --n3 N        N3-REQUESTS (5)\n"
    "  --limit-s N   most seconds that one command may take (300)\n"
    "\n"
    "Each line of the standard input is a command, answered by one line of JSON:\n"
    "\n"
    "  attach FIRST COUNT STEP   Create Session and Modify Bearer for the UEs FIRST,\n"
    "                            FIRST + STEP, … (modulo N), COUNT of them\n"
    "  detach FIRST COUNT STEP   Delete Session for them\n"
    "\n"
    "Exit status: 0; 2 after a wrong option, command or socket; 3 when the gateway left\n"
    "requests unanswered or the time was up; 4 when it refused requests or answered wrongly.\n";

static int refuse(const char *reason, const char *what)
{
    fprintf(stderr, "portvnf-load: %s%s%s\n", reason, what ? ": " : "", what ? what : "");
    return -1;
}

int parse_number(const char *what, const char *text, u64 least, u64 most, u64 *value)
{
    char *end;
    errno = 0;
    u64 number = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && number >= least && number <= most) {
        *value = number;
        return 0;
    }
    fprintf(stderr, "portvnf-load: %s must be %llu to %llu, not \"%s\"\n", what, least, most, text);
    return -1;
}

static int parse_address(const char *what, const char *text, u8 *octets)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1) {
        fprintf(stderr, "portvnf-load: %s must be an IPv4 address, not \"%s\"\n", what, text);
        return -1;
    }
    memcpy(octets, &address, 4);
    return 0;
}

/* Labels of letters, digits and hyphens (TS 23.003, 9.1). */
static int parse_apn(const char *text, char *apn)
{
    u64 length = strlen(text);
    u64 label = 0;
    for (u64 i = 0; i < length; i++) {
        int is_dot = text[i] == '.';
        int is_part = text[i] == '-' || (text[i] >= '0' && text[i] <= '9') ||
                      ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z');
        if ((is_dot && !label) || (!is_dot && !is_part))
            return refuse("--apn is no network identifier", text);
        label = is_dot ? 0 : label + 1;
    }
    if (!label || length > APN_MAX)
        return refuse("--apn is no network identifier", text);
    memcpy(apn, text, length + 1);
    return 0;
}

enum { LOCAL = 256, GATEWAY, ENB, UES, APN, WINDOW, T3, N3, LIMIT };

static const struct option known[] = {
    {"local", required_argument, NULL, LOCAL},
    {"gateway", required_argument, NULL, GATEWAY},
    {"enb", required_argument, NULL, ENB},
    {"ues", required_argument, NULL, UES},
    {"apn", required_argument, NULL, APN},
    {"window", required_argument, NULL, WINDOW},
    {"t3-ms", required_argument, NULL, T3},
    {"n3", required_argument, NULL, N3},
    {"limit-s", required_argument, NULL, LIMIT},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int take(struct options *options, int letter)
{
    struct network *network = &options->network;
    switch (letter) {
    case LOCAL:
        return parse_address("--local", optarg, network->mme);
    case GATEWAY:
        return parse_address("--gateway", optarg, network->gateway);
    case ENB:
        return parse_address("--enb", optarg, network->enb);
    case UES:
        return parse_number("--ues", optarg, 1, UES_MAX, &options->ues);
    case APN:
        return parse_apn(optarg, network->apn);
    case WINDOW:
        if (parse_number("--window", optarg, 1, WINDOW_MAX, &options->window) < 0)
            return -1;
        return options->window & (options->window - 1)
                   ? refuse("--window must be a power of two", optarg)
                   : 0;
    case T3:
        return parse_number("--t3-ms", optarg, 1, 60000, &options->t3_ms);
    case N3:
        return parse_number("--n3", optarg, 0, 100, &options->n3);
    case LIMIT:
        return parse_number("--limit-s", optarg, 1, 86400, &options->limit_s);
    case 'h':
        options->help = 1;
        return 0;
    default:
        return -1; /* getopt has said why */
    }
}

static struct sockaddr_in socket_address(const u8 *octets)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(GTPC_PORT)};
    memcpy(&address.sin_addr, octets, 4);
    return address;
}

int parse_options(struct options *options, int count, char **words)
{
    static const u8 none[4];
    *options = (struct options){
        .network = {.apn = "internet"}, .window = 64, .t3_ms = 1000, .n3 = 5, .limit_s = 300};
    for (int letter; (letter = getopt_long(count, words, "", known, NULL)) != -1;)
        if (take(options, letter) < 0)
            return -1;
    if (options->help)
        return 0;
    if (optind < count)
        return refuse("unknown argument", words[optind]);
    const struct network *network = &options->network;
    if (!memcmp(network->mme, none, 4) || !memcmp(network->gateway, none, 4) ||
        !memcmp(network->enb, none, 4) || !options->ues)
        return refuse("--local, --gateway, --enb and --ues are needed (--help shows more)", NULL);
    options->local = socket_address(network->mme);
    options->gateway = socket_address(network->gateway);
    return 0;
}
