// Kernels over a synthetic market: the score of one pair, and the exact K best advisers per firm.
#include <algorithm>
#include <vector>

#include <benchmark/benchmark.h>

#include <libmatch/retrieve/market_source.hpp>
#include <tests/cpp/support/full_market.hpp>
#include <tests/cpp/support/whole_run.hpp>

namespace {

using namespace libmatch;

const Market& market() {
    static const Market made = testing::build_market(testing::full_tables(7, 20'000, 400));
    return made;
}

void score_one_pair(benchmark::State& state) {
    const Scorer scorer(market(), ProgrammeId(0U));
    const auto n = static_cast<std::uint32_t>(market().firms.size());
    const auto m = static_cast<std::uint32_t>(market().advisers.size());
    for (std::uint32_t i = 0; i < 100; ++i) {
        const ScoreTerms t = scorer.terms(FirmId(i), AdviserId(i));
        const Programme& p = scorer.programme();
        const double sum =
            p.coverage * t.coverage + p.proximity * t.proximity + p.trust * t.trust + t.bonus;
        if (std::abs(sum - t.score) > 1e-12) {
            state.SkipWithError("the score is not the sum of its terms");
            return;
        }
    }
    std::uint32_t i = 0;
    for (auto _ : state) {
        i = (i + 1) % n;
        benchmark::DoNotOptimize(scorer.score(FirmId(i), AdviserId((i * 7U) % m)));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(score_one_pair);

/// The K best net values of one firm by looking at all advisers.
std::vector<double> best_by_looking(const MarketSource& source, FirmId i, std::size_t k) {
    std::vector<double> values;
    for (std::size_t j = 0; j < source.advisers(); ++j) {
        if (source.eligible(i, AdviserId(j))) values.push_back(source.utility(i, AdviserId(j)));
    }
    std::sort(values.begin(), values.end(), std::greater<>());
    if (values.size() > k) values.resize(k);
    return values;
}

void best_advisers_of_every_firm(benchmark::State& state) {
    const Scorer scorer(market(), ProgrammeId(0U));
    const MarketSource source(scorer);
    const auto k = static_cast<std::size_t>(state.range(0));
    const std::vector<double> prices(source.advisers(), 0.0);
    std::vector<FirmId> firms;
    for (std::size_t i = 0; i < source.firms(); ++i) firms.emplace_back(i);
    CandidateLists lists(source.firms(), k);
    const Control control;
    source.best(firms, prices, lists, 1, control);
    for (std::size_t i = 0; i < source.firms(); i += 97) {
        const auto expected = best_by_looking(source, FirmId(i), k);
        const auto listed = lists.of(FirmId(i));
        bool same = expected.size() == listed.size();
        for (std::size_t r = 0; same && r < listed.size(); ++r)
            same = static_cast<float>(expected[r]) == listed[r].value;
        if (!same) {
            state.SkipWithError("a list is not the K best");
            return;
        }
    }
    for (auto _ : state) source.best(firms, prices, lists, 1, control);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(source.firms()));
}
BENCHMARK(best_advisers_of_every_firm)->Arg(8)->Arg(32)->Unit(benchmark::kMillisecond);

}  // namespace
