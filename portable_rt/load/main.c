/* portvnf-load: a load generator for the control plane. It plays an MME on S11 (TS 29.274)
 * and knows the gateway by its answers only.
 *
 *   message   writes the requests            answer     reads what comes back
 *   window    requests under way, T3 and N3  endpoint   UDP by the batch
 *   run       one command                    histogram  its times
 *   report    its results as JSON            options    the command line
 *
 * Options and exit statuses: options_help.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define EXIT_USAGE 2
#define EXIT_SILENT 3
#define EXIT_REFUSED 4

/* Tables of this size do not belong on the stack. */
static struct run run;

static int parse_command(const struct options *options, char *line, struct selection *selection)
{
    char *rest;
    const char *verb = strtok_r(line, " \n", &rest);
    const char *words[3];
    int is_attach = verb && !strcmp(verb, "attach");
    if (!is_attach && !(verb && !strcmp(verb, "detach"))) {
        fprintf(stderr, "portvnf-load: a command is attach or detach, not \"%s\"\n",
                verb ? verb : "");
        return -1;
    }
    for (int i = 0; i < 3; i++)
        words[i] = strtok_r(NULL, " \n", &rest);
    if (!words[0] || !words[1] || !words[2] || strtok_r(NULL, " \n", &rest)) {
        fprintf(stderr, "portvnf-load: %s needs FIRST, COUNT and STEP\n", verb);
        return -1;
    }
    selection->attach = is_attach;
    if (parse_number("FIRST", words[0], 0, options->ues - 1, &selection->first) < 0 ||
        parse_number("COUNT", words[1], 1, options->ues, &selection->count) < 0 ||
        parse_number("STEP", words[2], 1, options->ues, &selection->step) < 0)
        return -1;
    return 0;
}

/* Says why a command failed; the exit status. */
static int verdict(const struct options *options, const struct results *results)
{
    const u8 *at = options->network.gateway;
    if (results->unanswered || results->timed_out) {
        fprintf(stderr, "portvnf-load: the gateway %d.%d.%d.%d %s\n", at[0], at[1], at[2], at[3],
                results->unanswered ? "left requests unanswered, N3 times repeated"
                                    : "did not answer everything within --limit-s");
        return EXIT_SILENT;
    }
    if (results->refused || results->wrong) {
        fprintf(stderr,
                "portvnf-load: the gateway %d.%d.%d.%d refused %llu requests and answered %llu "
                "wrongly\n",
                at[0], at[1], at[2], at[3], results->refused, results->wrong);
        return EXIT_REFUSED;
    }
    return EXIT_SUCCESS;
}

static int obey(char *line)
{
    struct selection selection;
    if (parse_command(run.options, line, &selection) < 0 || run_check(&run, &selection) < 0)
        return EXIT_USAGE;
    run_command(&run, &selection);
    report_json(stdout, &selection, &run.results);
    return verdict(run.options, &run.results);
}

int main(int count, char **words)
{
    struct options options;
    if (parse_options(&options, count, words) < 0)
        return EXIT_USAGE;
    if (options.help) {
        fputs(options_help, stdout);
        return EXIT_SUCCESS;
    }
    run.options = &options;
    run.teid = calloc(options.ues, sizeof *run.teid);
    if (!run.teid) {
        fprintf(stderr, "portvnf-load: there is no memory for %llu UEs\n", options.ues);
        return EXIT_USAGE;
    }
    window_open(&run.window, options.window, options.t3_ms * 1000000, options.n3);
    if (endpoint_open(&run.endpoint, &options.local, &options.gateway) < 0)
        return EXIT_USAGE;
    int status = EXIT_SUCCESS;
    char line[256];
    while (status == EXIT_SUCCESS && fgets(line, sizeof line, stdin))
        status = obey(line);
    free(run.teid);
    return status;
}
