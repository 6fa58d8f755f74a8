// Stage resources: what regional resource centres offer to each firm for the needs that its
// advisers leave unmet.
//
// Method: no seats, so each firm alone; its list is the best team of resources at prices of 0,
// found and proven by branch and bound (assign/team_choice.hpp). Complexity: O(firms x resources x
// skills), and the lists tried. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libmatch/assign/team_choice.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/score/resources.hpp>

namespace libmatch::detail {

/// The lists of a range of firms, and exact sums of what they are worth and of what any are.
class ResourceLists {
  public:
    ResourceLists(const Market& market, const CentreReach& reach)
        : market_(market), reach_(reach) {}

    void find(std::size_t first, std::size_t last,
              const std::vector<std::vector<AdviserId>>& advisers, const Control& control) {
        const auto most = static_cast<std::size_t>(market_.settings.resources_per_firm);
        // Nothing is proven: all needs answered by resources that are all fully useful.
        const auto give_up = [&] { bound.add(1 + resource_relevance * static_cast<double>(most)); };
        if (control.stop()) {
            for (std::size_t i = first; i < last; ++i) give_up();
            return;
        }
        std::vector<Eigen::ArrayXf> unmet;
        for (std::size_t i = first; i < last; ++i)
            unmet.push_back(unmet_need(market_, FirmId(i), advisers[i]));
        const Team team = resource_team(market_, first, unmet);
        const SkillRows rows(team.skills, team.skill);
        TeamChoice choice(team, rows);
        std::vector<float> thresholds(team.skills);
        for (std::size_t i = first; i < last; ++i) {
            if (control.stop()) {
                give_up();
                continue;
            }
            choice.begin(FirmId(i - first), most, {});
            std::vector<Recommendation> offers;
            for (const ResourceOffer& x :
                 resource_offers(market_, reach_, FirmId(i), unmet[i - first])) {
                choice.offer(AdviserId(x.resource.value), resource_utility(x.usefulness, x.as), 0);
                offers.push_back(
                    {FirmId(i), 0, x.resource, x.usefulness, 0, x.as == ServedAs::neighbour});
            }
            std::fill(thresholds.begin(), thresholds.end(), 0.0F);
            choice.solve(thresholds, steps);
            choice.add_most(bound);
            keep(choice, offers, team, FirmId(i - first));
        }
    }

    std::vector<Recommendation> found;
    ExactSum objective, bound;

  private:
    /// Ranks the resources of the best list, each time the one that adds most.
    void keep(const TeamChoice& choice, const std::vector<Recommendation>& offers, const Team& team,
              FirmId i) {
        std::vector<Recommendation> list;
        for (std::size_t x = 0; x < offers.size(); ++x) {
            if (!choice.taken(x)) continue;
            list.push_back(offers[x]);
            objective.add(choice.utility(x));
        }
        const auto need = team.need_of(i), weight = team.weight_of(i);
        std::vector<double> level(team.skills, 0.0);
        for (std::size_t rank = 0; rank < list.size(); ++rank) {
            std::size_t next = list.size();
            double best = -1;
            for (std::size_t x = rank; x < list.size(); ++x) {
                double adds = 0;
                for (std::size_t s = 0; s < team.skills; ++s) {
                    const double taught = team.skill_of(AdviserId(list[x].resource.value))[s];
                    adds += weight[s] * std::max(0.0, std::min(need[s], taught) - level[s]);
                }
                list[x].adds = adds;
                const double worth =
                    adds + resource_utility(list[x].score, list[x].neighbour ? ServedAs::neighbour
                                                                             : ServedAs::resident);
                if (next == list.size() || worth > best) {
                    best = worth;
                    next = x;
                }
            }
            std::rotate(list.begin() + static_cast<std::ptrdiff_t>(rank),
                        list.begin() + static_cast<std::ptrdiff_t>(next),
                        list.begin() + static_cast<std::ptrdiff_t>(next) + 1);
            list[rank].rank = static_cast<int>(rank) + 1;
            const auto taught = team.skill_of(AdviserId(list[rank].resource.value));
            for (std::size_t s = 0; s < team.skills; ++s)
                level[s] = std::max(level[s], std::min(need[s], taught[s]));
        }
        for (std::size_t s = 0; s < team.skills; ++s) objective.add_product(weight[s], level[s]);
        found.insert(found.end(), list.begin(), list.end());
    }

    static constexpr int steps = 8;  ///< of thresholds, per firm
    const Market& market_;
    const CentreReach& reach_;
};

inline void resources_stage(Run& run) {
    const double started = run.begin(stage::resources);
    const auto advisers = advisers_of_firms(run.market, run.plan);
    const CentreReach reach(run.market);
    const std::size_t n = run.market.firms.size();
    constexpr std::size_t chunk = 512;
    std::vector<ResourceLists> lists((n + chunk - 1) / chunk, ResourceLists(run.market, reach));
    // Batches, so that the calling thread can report between them.
    constexpr std::size_t batch = 8;
    for (std::size_t at = 0; at < lists.size(); at += batch) {
        const std::size_t count = std::min(batch, lists.size() - at);
        parallel_chunks(count, 1, run.options.threads, [&](std::size_t k, std::size_t) {
            lists[at + k].find((at + k) * chunk, std::min(n, (at + k + 1) * chunk), advisers,
                               run.control);
        });
        run.control.report(stage::resources,
                           static_cast<double>(at + count) / static_cast<double>(lists.size()));
    }
    ExactSum objective, bound;
    for (ResourceLists& part : lists) {
        run.plan.resources.insert(run.plan.resources.end(), part.found.begin(), part.found.end());
        objective.add(part.objective);
        bound.add(part.bound);
    }
    Certificate c;
    c.objective = objective.down();
    c.bound = bound.up();
    ExactSum open = bound;
    open.subtract(objective);
    c.status = run.control.stop() ? run.control.stop_status()
               : open.up() <= 0   ? Status::optimal
                                  : status_for(c.gap(), run.options.gap);
    run.certify(stage::resources, c, started);
}

}  // namespace libmatch::detail
