// One arrival at stored prices: firms of places met before, and the first firm of each place.
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include <libmatch/plan/place.hpp>
#include <tests/cpp/support/full_market.hpp>
#include <tests/cpp/support/whole_run.hpp>

namespace {

using namespace libmatch;

struct Solved {
    Market market;
    Plan plan;
    std::vector<Arrival> firms;
};

const Solved& solved() {
    static const Solved made = [] {
        Solved s{testing::build_market(testing::full_tables(7, 20'000, 400)), {}, {}};
        SolveOptions options;
        options.stages = {"assign"};
        Control control;
        s.plan = testing::solve(s.market, options, control);
        const Firms& f = s.market.firms;
        for (std::size_t i = 0; i < 512; ++i) {
            const auto at = static_cast<Eigen::Index>(i);
            Arrival a;
            a.place = s.market.places[f.place[i]];
            a.naf = f.naf[i];
            a.headcount = f.headcount[i];
            a.created = f.created[i];
            a.need = f.need.col(at);
            a.weight = f.weight.col(f.weight.cols() == 1 ? 0 : at);
            s.firms.push_back(std::move(a));
        }
        return s;
    }();
    return made;
}

/// The best net value of the first programme by looking at all advisers.
double best_by_looking(const Solved& s, FirmId i) {
    const Scorer scorer(s.market, ProgrammeId(0U));
    const std::vector<double>& prices = s.plan.prices.at("assign:volunteers");
    double best = 0;
    for (std::size_t j = 0; j < prices.size(); ++j) {
        if (scorer.exclusion(i, AdviserId(j)) == Exclusion::none)
            best = std::max(best, scorer.score(i, AdviserId(j)) - prices[j]);
    }
    return best;
}

void place_an_arrival(benchmark::State& state) {
    const Solved& s = solved();
    Placer placer(s.market, s.plan);
    for (std::size_t i = 0; i < s.firms.size(); i += 37) {
        const Placement p = placer.place(s.firms[i])[0];
        if (std::abs(std::max(0.0, p.net) - best_by_looking(s, FirmId(i))) > 1e-9) {
            state.SkipWithError("the placement is not the best");
            return;
        }
    }
    for (const Arrival& a : s.firms) benchmark::DoNotOptimize(placer.place(a));
    std::size_t k = 0;
    for (auto _ : state) {
        k = (k + 1) % s.firms.size();
        benchmark::DoNotOptimize(placer.place(s.firms[k]));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(place_an_arrival)->Unit(benchmark::kMicrosecond);

/// With what the first firm of a place, and the first at a full adviser, compiles.
void place_the_first_arrivals(benchmark::State& state) {
    const Solved& s = solved();
    for (auto _ : state) {
        state.PauseTiming();
        auto placer = std::make_unique<Placer>(s.market, s.plan);
        state.ResumeTiming();
        for (const Arrival& a : s.firms) benchmark::DoNotOptimize(placer->place(a));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(s.firms.size()));
}
BENCHMARK(place_the_first_arrivals)->Unit(benchmark::kMicrosecond);

}  // namespace
