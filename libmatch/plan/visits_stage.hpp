// Stage visits: advisers visit leaders of small firms where they are, day by day.
//
// Firms are their advisers' where the visiting network was assigned; otherwise each chooses one
// first, on the engine of assignments, which has a certificate of its own. Skipped where the market
// has no rule of visits. Complexity: that of pool/rounds.hpp, and O(firms x advisers) for choices.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/assign.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/visit_problem.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/pool/rounds.hpp>
#include <libmatch/retrieve/matrix_source.hpp>

namespace libmatch::detail {

inline void choose_for_visits(Run& run) {
    const double started = run.begin(stage::visit_choices);
    const Market& market = run.market;
    const std::size_t n = market.firms.size();
    std::vector<std::int64_t> capacity(market.advisers.size(), 0);
    std::vector<AdviserId> open;
    for (std::size_t j = 0; j < capacity.size(); ++j) {
        const auto days = static_cast<std::int64_t>(days_of_visits(market, AdviserId(j)));
        capacity[j] = days * market.advisers.visits_per_day[j];
        if (days > 0) open.emplace_back(j);
    }
    std::vector<std::vector<std::pair<std::uint32_t, double>>> found(n);
    parallel_chunks(n, 256, run.options.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end && !run.control.stop(); ++i) {
            for (const AdviserId j : open) {
                if (may_choose(market, FirmId(i), j))
                    found[i].emplace_back(j.value, choice_utility(market, FirmId(i), j));
            }
        }
    });
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    for (const auto& row : found) {
        for (const auto& [j, utility] : row) {
            column.push_back(j);
            value.push_back(utility);
        }
        begin.push_back(static_cast<std::int64_t>(column.size()));
    }
    if (run.control.stop()) {  // some firms were not asked: nothing was decided or proven
        Certificate c;
        c.status = run.control.stop_status();
        ExactSum most;
        for (const double priority : market.firms.priority) most.add(priority);
        c.bound = most.up();
        run.plan.prices[stage::visit_choices].assign(capacity.size(), 0.0);
        run.certify(stage::visit_choices, c, started);
    } else {
        AssignmentLimits limits;
        limits.capacity = std::move(capacity);
        const SparseSource source(limits.capacity.size(), begin, column, value);
        const AssignmentResult result = assign(source, limits, run.assign, run.control);
        run.plan.prices[stage::visit_choices] = result.prices;
        run.certify(stage::visit_choices, result.certificate, started);
        for (const Pair& p : result.pairs) run.plan.visit_choices.push_back({p.firm, p.adviser});
    }
    std::vector<std::uint8_t> chose(n, 0);
    for (const VisitChoice& c : run.plan.visit_choices) chose[c.firm] = 1;
    for (std::size_t i = 0; i < n; ++i) {
        if (chose[i] != 0 || !may_be_visited(market, FirmId(i))) continue;
        run.left_out(stage::visits, FirmId(i),
                     found[i].empty() ? "no adviser visits within a day's reach"
                                      : "the days of advisers within reach go to other firms");
    }
}

inline void visits_stage(Run& run) {
    if (!run.market.visits) return;
    if (!visits_assigned(run.market, run.plan)) choose_for_visits(run);
    const double started = run.begin(stage::visits);
    const VisitProblem visits = visit_problem(run.market, run.plan);
    const RoundsProblem& problem = visits.problem;
    RoundsOptions options;
    options.gap = run.options.pool_gap;
    options.seed = run.options.seed;
    options.threads = run.options.threads;
    const RoundsResult result = plan_rounds(problem, options, run.control);
    std::vector<std::uint8_t> visited(visits.firms.size(), 0);
    std::vector<std::int32_t> day(problem.travellers.size(), 0);
    for (const Round& round : result.rounds) {
        const AdviserId j(round.traveller);
        Visit v;
        v.adviser = j;
        v.day = ++day[j];
        PlaceId at = run.market.advisers.place[j];
        for (std::size_t k = 0; k < round.stops.size(); ++k) {
            v.position = static_cast<std::int32_t>(k) + 1;
            v.firm = visits.firms[round.stops[k]];
            const PlaceId here = run.market.firms.place[v.firm];
            v.leg_km = run.market.distance_km(at, here);
            v.home_km = run.market.distance_km(here, run.market.advisers.place[j]);
            run.plan.visits.push_back(v);
            visited[round.stops[k]] = 1;
            at = here;
        }
    }
    for (std::size_t k = 0; k < visited.size(); ++k) {
        if (visited[k] == 0)
            run.left_out(stage::visits, visits.firms[k],
                         "the days of its adviser bring more elsewhere");
    }
    for (const FirmId i : visits.out_of_reach)
        run.left_out(stage::visits, i, "its adviser's day does not lead there and back");
    std::vector<double>& prices = run.plan.prices[stage::visits];
    prices.assign(run.market.firms.size(), 0.0);
    for (std::size_t k = 0; k < visits.firms.size(); ++k)
        prices[visits.firms[k]] = result.firm_price[k];
    prices.insert(prices.end(), result.day_price.begin(), result.day_price.end());
    prices.insert(prices.end(), result.km_price.begin(), result.km_price.end());
    run.certify(stage::visits, result.certificate, started);
}

}  // namespace libmatch::detail
