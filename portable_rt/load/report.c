/* Printing results: see report.h. */
#include "report.h"

static void print_latency(FILE *out, const char *name, const struct histogram *times,
                          const char *behind)
{
    fprintf(out, "\"%s\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"max\": %.1f}%s", name,
            (double)histogram_percentile(times, 0.5) / 1e3,
            (double)histogram_percentile(times, 0.9) / 1e3,
            (double)histogram_percentile(times, 0.99) / 1e3, (double)times->largest / 1e3, behind);
}

static void print_causes(FILE *out, const struct results *results)
{
    const char *between = "";
    fprintf(out, "\"causes\": {");
    for (u64 i = 0; i < 256; i++) {
        if (!results->cause[i])
            continue;
        fprintf(out, "%s\"%llu\": %llu", between, i, results->cause[i]);
        between = ", ";
    }
    fprintf(out, "}, ");
}

void report_json(FILE *out, const struct selection *selection, const struct results *results)
{
    double seconds = (double)results->elapsed_ns / 1e9;
    fprintf(out, "{\"command\": \"%s\", \"count\": %llu, \"accepted\": %llu, ",
            selection->attach ? "attach" : "detach", selection->count, results->accepted);
    fprintf(out, "\"seconds\": %.6f, \"per_second\": %.1f, ", seconds,
            seconds > 0 ? (double)results->accepted / seconds : 0);
    fprintf(out, "\"refused\": %llu, ", results->refused);
    print_causes(out, results);
    fprintf(out, "\"wrong\": %llu, \"stray\": %llu, \"requests\": %llu, ", results->wrong,
            results->stray, results->requests);
    fprintf(out, "\"retransmitted\": %llu, \"unanswered\": %llu, \"timed_out\": %s, ",
            results->repeated, results->unanswered, results->timed_out ? "true" : "false");
    fprintf(out, "\"cpu_s\": {\"user\": %.6f, \"system\": %.6f}, \"system_calls\": %llu, ",
            (double)results->user_ns / 1e9, (double)results->system_ns / 1e9,
            results->system_calls);
    fprintf(out, "\"latency_us\": {");
    if (selection->attach) {
        print_latency(out, "create_session", &results->create, ", ");
        print_latency(out, "modify_bearer", &results->modify, ", ");
        print_latency(out, "pair", &results->pair, "}}\n");
    } else {
        print_latency(out, "delete_session", &results->remove, "}}\n");
    }
    fflush(out);
}
