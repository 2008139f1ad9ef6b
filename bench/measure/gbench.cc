// The bridge to Google Benchmark. No exception crosses it.
#include "bench/measure/gbench.h"

#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

// The library's reports, kept for its JSON.
struct c4_gbench {
    std::vector<std::vector<benchmark::BenchmarkReporter::Run>> reports;
    std::string error;
};

namespace {

// Keeps the reports and passes the samples to their cases, where the library would print them.
class Collector : public benchmark::BenchmarkReporter {
  public:
    Collector(c4_gbench *kept, c4_gbench_case *cases, int count, int samples)
        : kept_(kept), cases_(cases), count_(count), samples_(samples) {}
    bool ReportContext(const Context & /*context*/) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override {
        std::vector<Run> valid;
        for (const Run &run : runs) {
            c4_gbench_case *one = find(run.run_name.function_name);
            if (!one || one->voided) continue;
            valid.push_back(run);
            if (run.run_type == Run::RT_Iteration && run.iterations > 0 && one->measured < samples_)
                one->seconds[one->measured++] =
                    run.real_accumulated_time / static_cast<double>(run.iterations);
        }
        if (!valid.empty()) kept_->reports.push_back(valid);
    }

  private:
    c4_gbench_case *find(const std::string &name) {
        for (int i = 0; i < count_; i++)
            if (name == cases_[i].name) return &cases_[i];
        return nullptr;
    }

    c4_gbench *kept_;
    c4_gbench_case *cases_;
    int count_, samples_;
};

// A void case runs on with an empty loop and is left out of all reports. SkipWithError() would not
// do: called in some of a case's samples it makes the library abort, and readers of its format take
// the time of a skipped case for 0.
void sample(benchmark::State &state, c4_gbench_case *one) {
    if (!one->voided && one->before && !one->before(one->context)) one->voided = true;
    if (one->voided) {
        while (state.KeepRunning()) continue;
        return;
    }
    while (state.KeepRunning()) one->call(one->context);
    for (int i = 0; i < one->counter_count; i++) {
        const c4_gbench_counter &counter = one->counters[i];
        state.counters[counter.name] = benchmark::Counter(
            counter.amount, counter.per_second ? benchmark::Counter::kIsIterationInvariantRate
                                               : benchmark::Counter::kDefaults);
    }
    state.SetLabel(one->label);
}

// Sets every flag that any version of the library has had: it takes flags that are not given from
// environment variables (BENCHMARK_FILTER and so on), which it reads before main() begins. It
// ignores unknown flags. It keeps a pointer to the program's name, so the words are static.
void initialize(const char *program) {
    static std::string words[] = {program,
                                  "--benchmark_enable_random_interleaving=true",
                                  "--benchmark_list_tests=false",
                                  "--benchmark_dry_run=false",
                                  "--benchmark_filter=",
#ifdef C4_GBENCH_TIME_HAS_UNIT
                                  "--benchmark_min_time=0.5s",
#else
                                  "--benchmark_min_time=0.5",
#endif
                                  "--benchmark_min_warmup_time=0",
                                  "--benchmark_repetitions=1",
                                  "--benchmark_report_aggregates_only=false",
                                  "--benchmark_display_aggregates_only=false",
                                  "--benchmark_format=console",
                                  "--benchmark_out=",
                                  "--benchmark_out_format=json",
                                  "--benchmark_color=false",
                                  "--benchmark_counters_tabular=false",
                                  "--benchmark_perf_counters=",
                                  "--benchmark_time_unit=us",
                                  "--v=0"};
    constexpr int count = sizeof words / sizeof *words;
    char *argv[count + 1] = {};
    int argc = count;
    static bool done = false;
    if (done) return;
    for (int i = 0; i < count; i++) argv[i] = words[i].data();
    benchmark::Initialize(&argc, argv);
    done = true;
}

// Only our entry goes into the file's context. BENCHMARK_CONTEXT has added entries by now, and a
// name that occurs twice in an object makes invalid JSON.
void set_context(const char *program, const char *version) {
#ifdef C4_GBENCH_HAS_CONTEXT
    if (benchmark::internal::GetGlobalContext()) benchmark::internal::GetGlobalContext()->clear();
#endif
    benchmark::AddCustomContext(program, version);
}

} // namespace

struct c4_gbench *c4_gbench_open(const char *program, const char *version) {
    try {
        initialize(program);
        set_context(program, version);
        return new c4_gbench;
    } catch (const std::exception &) {
        return nullptr;
    }
}

bool c4_gbench_run(struct c4_gbench *gbench, struct c4_gbench_case *cases, int count, int samples,
                   double sample_seconds, const char **error) {
    try {
        benchmark::ClearRegisteredBenchmarks();
        for (int i = 0; i < count; i++) {
            cases[i].measured = 0;
            cases[i].voided = false;
            benchmark::RegisterBenchmark(cases[i].name, sample, &cases[i])
                ->Repetitions(samples)
                ->MinTime(sample_seconds)
                ->Unit(benchmark::kMicrosecond)
                ->MeasureProcessCPUTime()
                ->UseRealTime();
        }
        Collector collector(gbench, cases, count, samples);
        benchmark::RunSpecifiedBenchmarks(&collector, nullptr, ".");
        benchmark::ClearRegisteredBenchmarks();
        gbench->error.clear();
        for (int i = 0; i < count; i++)
            if (!cases[i].voided && cases[i].measured != samples)
                gbench->error = std::string(cases[i].name) + ": Google Benchmark took " +
                                std::to_string(cases[i].measured) + " samples";
    } catch (const std::exception &exception) {
        gbench->error = std::string("Google Benchmark: ") + exception.what();
    }
    *error = gbench->error.c_str();
    return gbench->error.empty();
}

char *c4_gbench_json(const struct c4_gbench *gbench) {
    try {
        std::ostringstream text, complaints;
        benchmark::JSONReporter reporter;
        reporter.SetOutputStream(&text);
        reporter.SetErrorStream(&complaints);
        reporter.ReportContext(benchmark::BenchmarkReporter::Context());
        for (const auto &runs : gbench->reports) reporter.ReportRuns(runs);
        reporter.Finalize();
        return strdup(text.str().c_str());
    } catch (const std::exception &) {
        return nullptr;
    }
}

void c4_gbench_close(struct c4_gbench *gbench) {
    delete gbench;
}
