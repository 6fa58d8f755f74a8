// Stage resources: what regional resource centres offer to each firm for the needs that its
// advisers leave unmet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/score/resources.hpp>

namespace libmatch::detail {

[[nodiscard]] inline std::vector<Recommendation> best_resources(
    const Market& market, FirmId i, const std::vector<AdviserId>& advisers, std::size_t most) {
    const Eigen::ArrayXf unmet = unmet_need(market, i, advisers);
    std::vector<Recommendation> list;
    for (std::size_t r = 0; r < market.resources.size(); ++r) {
        const ResourceId resource(r);
        if (!serves(market, resource, i)) continue;
        const double score = usefulness(market, i, unmet, resource);
        if (score > 0) list.push_back({i, 0, resource, score});
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    if (list.size() > most) list.resize(most);
    for (std::size_t k = 0; k < list.size(); ++k) list[k].rank = static_cast<int>(k) + 1;
    return list;
}

inline void resources_stage(Run& run) {
    const double started = run.begin(stage::resources);
    const auto advisers = advisers_of_firms(run.market, run.plan);
    const auto most = static_cast<std::size_t>(run.market.settings.resources_per_firm);
    const std::size_t n = run.market.firms.size();
    std::vector<std::vector<Recommendation>> found(n);
    parallel_chunks(n, 512, run.options.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end && !run.control.stop(); ++i) {
            found[i] = best_resources(run.market, FirmId(i), advisers[i], most);
        }
    });
    Certificate c;
    Sum total;
    for (const auto& list : found) {
        for (const Recommendation& r : list) {
            total.add(r.score);
            run.plan.resources.push_back(r);
        }
    }
    // Every resource was looked at for every firm, so the objective is its own bound.
    c.objective = c.bound = total.value();
    if (run.control.stop()) {
        c.status = run.control.stop_status();
        c.bound = static_cast<double>(n * most);
    }
    run.certify(stage::resources, c, started);
}

}  // namespace libmatch::detail
