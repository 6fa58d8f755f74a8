// A pooling problem before its judge: distances, seats, limits and pairs, read from the problem
// alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include <libmatch/core/geo.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch::check::detail {

/// Firms that pairs name, in parties: whoever is bound together, directly or over others.
class Parties {
  public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    explicit Parties(const PoolProblem& problem) : problem_(problem) {
        if (problem.together.empty() && problem.apart.empty()) return;
        const std::size_t n = problem.amount.size();
        std::vector<std::vector<FirmId>> bound(n);
        party_.assign(n, none);
        std::vector<char> named(n, 0);
        for (const auto& [a, b] : problem.together) {
            bound[a].push_back(b);
            bound[b].push_back(a);
            named[a] = named[b] = 1;
        }
        for (const auto& [a, b] : problem.apart) named[a] = named[b] = 1;
        std::vector<FirmId> front;
        for (std::size_t i = 0; i < n; ++i) {
            if (!named[i] || party_[i] != none) continue;
            const auto party = static_cast<std::uint32_t>(firms_.size());
            firms_.emplace_back();
            front.assign(1, FirmId(i));
            party_[i] = party;
            while (!front.empty()) {
                const FirmId at = front.back();
                front.pop_back();
                firms_[party].push_back(at);
                for (const FirmId next : bound[at]) {
                    if (party_[next] != none) continue;
                    party_[next] = party;
                    front.push_back(next);
                }
            }
        }
        foes_.resize(firms_.size());
        for (const auto& [a, b] : problem.apart) {
            foes_[party_[a]].push_back(party_[b]);
            foes_[party_[b]].push_back(party_[a]);
        }
    }

    [[nodiscard]] std::uint32_t of(FirmId i) const { return party_.empty() ? none : party_[i]; }
    [[nodiscard]] const std::vector<FirmId>& firms(std::uint32_t party) const {
        return firms_[party];
    }
    [[nodiscard]] const std::vector<std::uint32_t>& foes(std::uint32_t party) const {
        return foes_[party];
    }
    /// Firm i and all that are bound to it.
    [[nodiscard]] std::vector<FirmId> with(FirmId i) const {
        return of(i) == none ? std::vector<FirmId>{i} : firms_[of(i)];
    }
    [[nodiscard]] bool apart(FirmId i, FirmId j) const {
        if (of(i) == none || of(j) == none) return false;
        const auto& foes = foes_[of(i)];
        return std::find(foes.begin(), foes.end(), of(j)) != foes.end();
    }

    /// Whether keys, sum and number let firm i be under a rule with all that are bound to it.
    [[nodiscard]] bool may(const PoolRule& keyed, FirmId i) const {
        if (keyed.cell_of(i) == PoolRule::no_cell) return false;
        double sum = 0;
        std::int64_t members = 0;
        for (const FirmId j : with(i)) {
            if (keyed.cell_of(j) != keyed.cell_of(i)) return false;
            sum += problem_.amount[j];
            ++members;
        }
        return sum <= keyed.rule.highest_sum() && members <= keyed.rule.max_members && !apart(i, i);
    }

  private:
    const PoolProblem& problem_;
    std::vector<std::uint32_t> party_;
    std::vector<std::vector<FirmId>> firms_;
    std::vector<std::vector<std::uint32_t>> foes_;
};

struct PoolCase {
    const PoolProblem& problem;
    Parties parties{problem};

    [[nodiscard]] bool placed() const { return problem.metric != Metric::none; }
    [[nodiscard]] double km(PoolPlace p, PoolPlace q) const {
        if (problem.metric == Metric::none) return 0;
        if (problem.metric == Metric::plane) return std::hypot(p.a - q.a, p.b - q.b);
        return distance_km(LatLon{p.a, p.b}, LatLon{q.a, q.b});
    }
    /// What distances are measured by: on a sphere their rounding is that of its radius.
    [[nodiscard]] double least_km() const { return problem.metric == Metric::sphere ? 1.0 : 0.0; }
    [[nodiscard]] PoolPlace place(FirmId i) const {
        return placed() ? problem.place[i] : PoolPlace{};
    }
    [[nodiscard]] PoolPlace place(const PoolGroup& group) const {
        if (!placed()) return {};
        return problem.at_sites(group.rule) ? problem.sites[group.seat] : problem.place[group.seat];
    }
    /// The firms that a rule covers, by cell, then place, then index.
    [[nodiscard]] std::vector<FirmId> firms_under(const PoolRule& keyed) const {
        std::vector<FirmId> order;
        for (std::size_t i = 0; i < problem.amount.size(); ++i) {
            if (parties.may(keyed, FirmId(i))) order.emplace_back(i);
        }
        const auto key = [&](FirmId i) {
            const PoolPlace at = place(i);
            return std::tuple(keyed.cell_of(i), at.a, at.b, i.value);
        };
        std::sort(order.begin(), order.end(), [&](FirmId i, FirmId j) { return key(i) < key(j); });
        return order;
    }
    /// The most members of a group of a rule, at a site where the rule meets at sites.
    [[nodiscard]] double most(std::size_t rule, std::size_t site) const {
        const double members = problem.rules[rule].rule.max_members;
        return problem.at_sites(rule) ? std::min(members, problem.seats_at(site)) : members;
    }
};

/// What firm i, with all that are bound to it, lacks to be taken by a group.
[[nodiscard]] inline NearestGroup needs_at(const PoolCase& c, const PoolGroup& group, FirmId i) {
    const DossierRule& rule = c.problem.rules[group.rule].rule;
    const std::vector<FirmId> party = c.parties.with(i);
    NearestGroup needs;
    double sum = 0, value = 0;
    for (const FirmId j : group.members) {
        sum += c.problem.amount[j];
        needs.apart = needs.apart || c.parties.apart(i, j);
    }
    for (const FirmId j : party) {
        const double far = c.km(c.place(j), c.place(group));
        needs.more_km = std::max(needs.more_km, far - rule.max_radius_km);
        sum += c.problem.amount[j];
        value += c.problem.value_of(j) - rule.cost_per_km * far;
    }
    if (sum > rule.highest_sum()) needs.more_eur = sum - rule.max_sum;
    const auto members = static_cast<double>(group.members.size() + party.size());
    const double over = members - c.most(group.rule, group.seat);
    if (over > 0) needs.places = static_cast<std::int32_t>(over);
    needs.more_value = std::max(0.0, -value);
    needs.km = c.km(c.place(i), c.place(group));
    return needs;
}

}  // namespace libmatch::check::detail
