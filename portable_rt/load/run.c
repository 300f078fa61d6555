/* Attaching and detaching: see run.h. */
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "answer.h"

/* How often T3 is looked at, and the longest sleep. */
#define TICK_NS 10000000ull
#define TICK_MS 10

static u64 now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (u64)time.tv_sec * 1000000000ull + (u64)time.tv_nsec;
}

static u64 nanoseconds(struct timeval time)
{
    return (u64)time.tv_sec * 1000000000ull + (u64)time.tv_usec * 1000;
}

static u32 chosen(const struct run *run, const struct selection *selection, u64 i)
{
    return (u32)((selection->first + i * selection->step) % run->options->ues);
}

int run_check(const struct run *run, const struct selection *selection)
{
    u64 a = run->options->ues, b = selection->step % run->options->ues;
    while (b) {
        u64 rest = a % b;
        a = b;
        b = rest;
    }
    if (a != 1) {
        fprintf(stderr, "portvnf-load: STEP %llu has a factor in common with --ues %llu\n",
                selection->step, run->options->ues);
        return -1;
    }
    for (u64 i = 0; i < selection->count; i++) {
        u32 ue = chosen(run, selection, i);
        if (selection->attach == (run->teid[ue] != 0)) {
            fprintf(stderr, "portvnf-load: UE %u is %s already\n", ue,
                    selection->attach ? "attached" : "detached");
            return -1;
        }
    }
    return 0;
}

static void start(struct run *run, const struct selection *selection, u32 ue, u64 now_ns)
{
    struct exchange *exchange = window_take(&run->window);
    exchange->ue = ue;
    exchange->begun_ns = now_ns;
    u64 length;
    if (selection->attach) {
        exchange->type = CREATE_SESSION_REQUEST;
        length =
            write_create_session(exchange->data, &run->options->network, ue, exchange->sequence);
    } else {
        exchange->type = DELETE_SESSION_REQUEST;
        length = write_delete_session(exchange->data, run->teid[ue], exchange->sequence);
    }
    exchange->length = (u16)length;
    window_send(&run->window, exchange, &run->endpoint, now_ns);
}

/* The second request of a UE, in the slot of the first. */
static void connect_enb(struct run *run, struct exchange *exchange, u64 now_ns)
{
    window_renew(&run->window, exchange);
    exchange->type = MODIFY_BEARER_REQUEST;
    exchange->length =
        (u16)write_modify_bearer(exchange->data, &run->options->network, exchange->ue,
                                 run->teid[exchange->ue], exchange->sequence);
    window_send(&run->window, exchange, &run->endpoint, now_ns);
}

/* Whether an accepted answer has what it must have (7.2.2, 7.2.8, 7.2.10). */
static int is_right(const struct exchange *exchange, const struct answer *answer)
{
    if (answer->teid != own_teid(exchange->ue))
        return 0;
    if (exchange->type != CREATE_SESSION_REQUEST)
        return 1;
    return answer->control_teid && answer->user_teid && answer->ue_address &&
           answer->bearer_cause == CAUSE_ACCEPTED;
}

static void finish(struct run *run, struct exchange *exchange)
{
    run->results.done++;
    window_release(&run->window, exchange);
}

static void take_response(struct run *run, const struct answer *answer, u64 now_ns)
{
    struct results *results = &run->results;
    struct exchange *exchange = window_find(&run->window, answer->sequence, answer->type);
    if (!exchange) {
        results->stray++;
        return;
    }
    u64 waited_ns = now_ns - exchange->sent_ns;
    if (answer->cause != CAUSE_ACCEPTED) {
        results->refused++;
        results->cause[answer->cause]++;
        finish(run, exchange);
    } else if (!is_right(exchange, answer)) {
        results->wrong++;
        finish(run, exchange);
    } else if (exchange->type == CREATE_SESSION_REQUEST) {
        histogram_add(&results->create, waited_ns);
        run->teid[exchange->ue] = answer->control_teid;
        connect_enb(run, exchange, now_ns);
    } else if (exchange->type == MODIFY_BEARER_REQUEST) {
        histogram_add(&results->modify, waited_ns);
        histogram_add(&results->pair, now_ns - exchange->begun_ns);
        results->accepted++;
        finish(run, exchange);
    } else {
        histogram_add(&results->remove, waited_ns);
        run->teid[exchange->ue] = 0;
        results->accepted++;
        finish(run, exchange);
    }
}

static void take_message(struct run *run, const u8 *data, u64 length, u64 now_ns)
{
    struct answer answer;
    u8 echo[MESSAGE_MAX];
    if (read_answer(&answer, data, length) < 0)
        run->results.stray++;
    else if (answer.type == ECHO_REQUEST)
        endpoint_send_later(&run->endpoint, echo, write_echo_response(echo, answer.sequence));
    else if (answer.type == CREATE_SESSION_REQUEST + 1 ||
             answer.type == MODIFY_BEARER_REQUEST + 1 || answer.type == DELETE_SESSION_REQUEST + 1)
        take_response(run, &answer, now_ns);
    else
        run->results.requests++;
}

static void receive(struct run *run)
{
    int wait_ms = run->window.free_count < run->window.slots ? TICK_MS : 0;
    u64 count = endpoint_receive(&run->endpoint, wait_ms);
    u64 now_ns = now();
    for (u64 i = 0; i < count; i++)
        take_message(run, run->endpoint.in[i], run->endpoint.in_length[i], now_ns);
}

static void exchange_all(struct run *run, const struct selection *selection, u64 begin_ns)
{
    struct results *results = &run->results;
    u64 limit_ns = begin_ns + run->options->limit_s * 1000000000ull;
    u64 tick_ns = begin_ns + TICK_NS;
    u64 started = 0;
    while (results->done < selection->count && !results->unanswered) {
        u64 now_ns = now();
        for (; run->window.free_count && started < selection->count; started++)
            start(run, selection, chosen(run, selection, started), now_ns);
        if (now_ns >= tick_ns) {
            results->unanswered +=
                window_repeat(&run->window, &run->endpoint, now_ns, &results->repeated);
            tick_ns = now_ns + TICK_NS;
            results->timed_out = now_ns > limit_ns;
            if (results->timed_out)
                return;
        }
        endpoint_flush(&run->endpoint);
        receive(run);
    }
}

void run_command(struct run *run, const struct selection *selection)
{
    struct rusage before, after;
    struct results *results = &run->results;
    memset(results, 0, sizeof *results);
    u64 calls = run->endpoint.system_calls;
    getrusage(RUSAGE_SELF, &before);
    u64 begin_ns = now();
    exchange_all(run, selection, begin_ns);
    results->elapsed_ns = now() - begin_ns;
    getrusage(RUSAGE_SELF, &after);
    results->user_ns = nanoseconds(after.ru_utime) - nanoseconds(before.ru_utime);
    results->system_ns = nanoseconds(after.ru_stime) - nanoseconds(before.ru_stime);
    results->system_calls = run->endpoint.system_calls - calls;
}
