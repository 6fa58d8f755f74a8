// Stage fund: the grants of the firms that seek funds, under budgets.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/fund/grants.hpp>
#include <libmatch/plan/run.hpp>

namespace libmatch::detail {

inline void fund_stage(Run& run) {
    const double started = run.begin(stage::fund);
    const Settings& s = run.market.settings;
    const auto reached = s.funding_after.known()
                             ? reached_by(run.market, run.plan, s.funding_after)
                             : std::vector<std::uint8_t>(run.market.firms.size(), 1);
    for (std::size_t i = 0; i < run.market.firms.size(); ++i) {
        if (reached[i] != 0 && run.market.firms.cost_eur[i] > 0) run.seekers.emplace_back(i);
    }
    std::vector<WordSet> labels(run.market.firms.size(), 0);
    for (const Assigned& a : run.plan.assignments)
        labels[a.firm] |= run.market.advisers.labels[a.adviser];
    GrantResult result = grant(run.market, run.seekers, labels, run.assign, run.control);
    run.plan.grants = std::move(result.grants);
    run.plan.prices[stage::fund] = std::move(result.prices);
    Certificate c = result.certificate;
    c.status =
        run.control.stop() ? run.control.stop_status() : status_for(c.gap(), run.options.gap);
    run.certify(stage::fund, c, started);
}

}  // namespace libmatch::detail
