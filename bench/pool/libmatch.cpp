// Pools seeded firms at real places and prints one line of JSON:
// `bench_pool places.csv firms kind max_sum gap threads judge`.
//
// places.csv: population, lat, lon, district per line. kind: 1 = one rule keyed by trade, 2 =
// beside it a second rule keyed by district. max_sum 0 = none. judge 1 = the answer is verified.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <libmatch/core/random.hpp>
#include <tests/cpp/support/whole_run.hpp>

namespace {

using namespace libmatch;

struct Communes {
    std::vector<PoolPlace> place;
    std::vector<std::uint32_t> district;
    std::vector<double> until;  ///< running sum of populations
};

Communes read(const char* path) {
    Communes communes;
    std::ifstream file(path);
    double population = 0, lat = 0, lon = 0;
    unsigned district = 0;
    std::string line;
    while (std::getline(file, line)) {
        if (std::sscanf(line.c_str(), "%lf,%lf,%lf,%u", &population, &lat, &lon, &district) != 4) {
            continue;
        }
        const double before = communes.until.empty() ? 0 : communes.until.back();
        communes.until.push_back(before + population);
        communes.place.push_back({lat, lon});
        communes.district.push_back(district);
    }
    return communes;
}

PoolProblem make(const Communes& communes, std::size_t firms, int kind, double max_sum) {
    constexpr double trades = 88;
    Random random(1);
    PoolProblem problem;
    problem.metric = Metric::sphere;
    PoolRule trade, district;
    for (std::size_t i = 0; i < firms; ++i) {
        const double draw = communes.until.back() * random.uniform();
        const auto at = static_cast<std::size_t>(
            std::lower_bound(communes.until.begin(), communes.until.end(), draw) -
            communes.until.begin());
        problem.place.push_back(communes.place[at]);
        problem.amount.push_back(3000 + 12'000 * random.uniform());
        const double share = random.uniform();
        trade.cell.push_back(static_cast<std::uint32_t>(trades * share * std::sqrt(share)));
        district.cell.push_back(communes.district[at]);
    }
    const double most = max_sum > 0 ? max_sum : HUGE_VAL;
    trade.rule = {"same trade", 20'000, most, 1, 12, 60, 1.0, 0.02, SeatKind::member};
    district.rule = {"same district", 20'000, most, 1, 12, 60, 1.0, 0.02, SeatKind::member};
    problem.rules = {trade};
    if (kind == 2) problem.rules.push_back(district);
    return problem;
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

double peak_gib() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / (1 << 20);
}

}  // namespace

int main(int count, char** words) {
    if (count != 8) {
        std::fprintf(stderr, "usage: places.csv firms kind max_sum gap threads judge\n");
        return 2;
    }
    const auto firms = static_cast<std::size_t>(std::atoll(words[2]));
    const int kind = std::atoi(words[3]);
    const double max_sum = std::atof(words[4]);
    const PoolProblem problem = make(read(words[1]), firms, kind, max_sum);
    PoolOptions options;
    options.gap = std::atof(words[5]);
    options.threads = static_cast<unsigned>(std::atoi(words[6]));
    const double before = cpu_seconds();
    Control control;
    const PoolResult result = libmatch::testing::pool(problem, options, control);
    const double cpu = cpu_seconds() - before;
    const double peak = peak_gib();
    std::size_t pooled = 0, reachable = 0;
    for (const PoolReason r : result.reasons) {
        if (r == PoolReason::pooled) ++pooled;
        if (r == PoolReason::pooled || r == PoolReason::not_worth) ++reachable;
    }
    double judge = -1;
    if (std::atoi(words[7]) != 0) {
        Control clock;
        const check::Verdict verdict = libmatch::testing::verify(problem, result, options.threads);
        judge = clock.elapsed();
        if (!verdict.ok()) {
            std::fprintf(stderr, "the judge refuses: %s %s\n",
                         verdict.violations.front().subject.c_str(),
                         verdict.violations.front().problem.c_str());
            return 1;
        }
    }
    std::printf(
        "{\"firms\": %zu, \"kind\": %d, \"max_sum\": %.0f, \"groups\": %zu, \"pooled\": %zu, "
        "\"reachable\": %zu, \"objective\": %.6f, \"bound\": %.6f, \"gap\": %.6f, "
        "\"seconds\": %.3f, \"cpu_s\": %.3f, \"peak_gib\": %.3f, \"judge_s\": %.3f}\n",
        firms, kind, max_sum, result.groups.size(), pooled, reachable, result.certificate.objective,
        result.certificate.bound, result.certificate.gap(), result.certificate.seconds, cpu, peak,
        judge);
    return 0;
}
