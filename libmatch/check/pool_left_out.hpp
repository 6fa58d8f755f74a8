// The judge of what is said of firms in no group: reasons, missing amounts, and the nearest group
// with all that a firm would need there.
//
// Every reason that says "it cannot" is tried: keys, amounts, the firms bound to it, and the
// largest sum at every seat in reach. "Another grouping is worth more" claims nothing. The nearest
// group is the nearest whose keys the firm shares, with all that are bound to it.
//
// Complexity: O(pairs in reach) for firms said to have too little within reach, and O(groups in the
// strip of the distance claimed) per firm left out. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/pool_case.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch::check::detail {

class LeftOutJudge {
  public:
    using Complaint = std::pair<std::string, std::string>;

    LeftOutJudge(const PoolCase& pool_case, const PoolResult& claim, unsigned threads)
        : case_(pool_case), problem_(pool_case.problem), claim_(claim), threads_(threads) {}

    std::vector<Complaint> complaints() {
        const std::size_t n = problem_.amount.size();
        out_.assign(n, 1);
        for (const PoolGroup& g : claim_.groups) {
            for (const FirmId i : g.members) out_[i] = 0;
        }
        if (claim_.reasons.size() == n) {
            judge_reasons();
            if (!claim_.missing.empty()) judge_missing();
        }
        if (!claim_.nearest.empty()) judge_nearest();
        return std::move(found_);
    }

  private:
    static std::string figure(double x) {
        std::ostringstream out;
        out.precision(12);
        out << x;
        return out.str();
    }
    void fail(FirmId i, std::string text) {
        found_.emplace_back("firm " + std::to_string(i.value), std::move(text));
    }
    void differs(FirmId i, const std::string& what, double claimed, double found) {
        fail(i, what + " " + figure(claimed) + " is claimed, " + figure(found) + " is found");
    }

    void judge_reasons() {
        for (std::size_t k = 0; k < out_.size(); ++k) {
            const FirmId i(k);
            if (!out_[i]) continue;
            bool covered = false, fits = false;
            for (const PoolRule& keyed : problem_.rules) {
                if (keyed.cell_of(i) == PoolRule::no_cell) continue;
                covered = true;
                fits = fits || problem_.amount[i] <= keyed.rule.highest_sum();
            }
            const PoolReason reason = claim_.reasons[i];
            const std::string said =
                std::string("the reason given is '") + name(reason) + "', yet ";
            if (reason == PoolReason::no_rule && covered) fail(i, said + "a rule covers it");
            if (reason == PoolReason::amount_over_max && (!covered || fits))
                fail(i, said + "a rule takes its amount");
            if (reason == PoolReason::bound_to_others && can_meet(i))
                fail(i, said + "they share keys and a seat in reach");
            if (reason == PoolReason::kept_apart && !is_kept_apart(i))
                fail(i, said + "no dossier would take it but for that");
        }
    }

    /// Whether all that are bound to firm i can be under one rule and in reach of one seat of it.
    [[nodiscard]] bool can_meet(FirmId i) const {
        const std::vector<FirmId> party = case_.parties.with(i);
        for (std::size_t k = 0; k < problem_.rules.size(); ++k) {
            const PoolRule& keyed = problem_.rules[k];
            if (!case_.parties.may(keyed, i)) continue;
            if (!case_.placed()) return true;
            const auto near = [&](PoolPlace seat) {
                return std::all_of(party.begin(), party.end(), [&](FirmId j) {
                    return case_.km(problem_.place[j], seat) <= keyed.rule.max_radius_km;
                });
            };
            if (problem_.at_sites(k)) {
                for (const PoolPlace& site : problem_.sites) {
                    if (near(site)) return true;
                }
                continue;
            }
            for (std::size_t j = 0; j < out_.size(); ++j) {
                if (keyed.cell_of(FirmId(j)) == keyed.cell_of(i) &&
                    case_.parties.may(keyed, FirmId(j)) && near(problem_.place[j]))
                    return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool is_kept_apart(FirmId i) const {
        for (const PoolGroup& group : claim_.groups) {
            const bool foe = std::any_of(group.members.begin(), group.members.end(),
                                         [&](FirmId j) { return case_.parties.apart(i, j); });
            if (!foe || !shares_keys(group, i)) continue;
            const NearestGroup needs = needs_at(case_, group, i);
            if (needs.nothing_else()) return true;
        }
        return false;
    }

    [[nodiscard]] bool shares_keys(const PoolGroup& group, FirmId i) const {
        const PoolRule& keyed = problem_.rules[group.rule];
        return case_.parties.may(keyed, i) &&
               keyed.cell_of(i) == keyed.cell_of(group.members.front());
    }

    void judge_nearest() {
        const std::size_t n = problem_.amount.size();
        if (claim_.nearest.size() != n) {
            found_.emplace_back("nearest groups", std::to_string(claim_.nearest.size()) +
                                                      " entries for " + std::to_string(n) +
                                                      " firms");
            return;
        }
        // Groups of each rule and cell by the first coordinate of their seat.
        std::map<std::pair<std::uint32_t, std::uint32_t>,
                 std::vector<std::pair<double, std::uint32_t>>>
            groups;
        for (std::uint32_t g = 0; g < claim_.groups.size(); ++g) {
            const PoolGroup& group = claim_.groups[g];
            const std::uint32_t cell = problem_.rules[group.rule].cell_of(group.members.front());
            groups[{group.rule, cell}].emplace_back(case_.place(group).a, g);
        }
        for (auto& [key, list] : groups) std::sort(list.begin(), list.end());
        for (std::size_t f = 0; f < n; ++f) {
            const FirmId i(f);
            const NearestGroup& claim = claim_.nearest[i];
            const bool named = claim.group != NearestGroup::none;
            if (!out_[i]) {
                if (named) fail(i, "a nearest group is named, yet it is in a group");
                continue;
            }
            if (named && (claim.group >= claim_.groups.size() ||
                          !shares_keys(claim_.groups[claim.group], i))) {
                fail(i, "the nearest group named does not exist, or has other keys");
                continue;
            }
            if (named) judge_needs(i, claim);
            for (std::uint32_t k = 0; k < problem_.rules.size(); ++k) {
                const PoolRule& keyed = problem_.rules[k];
                if (!case_.parties.may(keyed, i)) continue;
                const auto at = groups.find({k, keyed.cell_of(i)});
                if (at == groups.end()) continue;
                if (!named) {
                    fail(i, "no nearest group is named, yet group " +
                                std::to_string(at->second.front().second) + " has its keys");
                    break;
                }
                const double a = case_.place(i).a;
                const double width = case_.placed() ? strip(claim.km) : 0;
                auto g = std::lower_bound(at->second.begin(), at->second.end(),
                                          std::pair(a - width, std::uint32_t{0}));
                for (; g != at->second.end() && g->first <= a + width; ++g) {
                    const double far =
                        case_.km(case_.place(i), case_.place(claim_.groups[g->second]));
                    if (far < claim.km * (1 - 1e-9) - 1e-9) {
                        fail(i, "group " + std::to_string(g->second) + " is nearer than group " +
                                    std::to_string(claim.group));
                        break;
                    }
                }
            }
        }
    }

    void judge_needs(FirmId i, const NearestGroup& claim) {
        const NearestGroup found = needs_at(case_, claim_.groups[claim.group], i);
        const auto same = [](double claimed, double true_figure, double size) {
            return std::fabs(claimed - true_figure) <= 1e-6 * (size + std::fabs(true_figure));
        };
        const double worth = std::fabs(problem_.value_of(i));
        if (!same(claim.km, found.km, 1)) differs(i, "a distance of", claim.km, found.km);
        if (!same(claim.more_km, found.more_km, 1))
            differs(i, "a need of km", claim.more_km, found.more_km);
        if (!same(claim.more_eur, found.more_eur, problem_.amount[i]))
            differs(i, "a need of amount", claim.more_eur, found.more_eur);
        if (claim.places != found.places)
            differs(i, "a need of places", claim.places, found.places);
        if (!same(claim.more_value, found.more_value, worth))
            differs(i, "a need of value", claim.more_value, found.more_value);
        if (claim.apart != found.apart)
            fail(i, "whether a member is to be kept apart from it is told wrongly");
    }

    /// Half the width, in the first coordinate, of what lies within some km.
    [[nodiscard]] double strip(double km) const {
        // A degree of latitude is at least 111 km on the sphere.
        return km / (problem_.metric == Metric::sphere ? 111.0 : 1.0) + 1e-6;
    }

    // ---- too little within reach ----

    struct Lack {
        FirmId firm;
        double missing;
        bool lawful;  ///< some lawful sum and number may hold it here
    };

    void judge_missing() {
        const std::size_t n = problem_.amount.size();
        if (claim_.missing.size() != n) {
            found_.emplace_back("missing amounts", std::to_string(claim_.missing.size()) +
                                                       " amounts for " + std::to_string(n) +
                                                       " firms");
            return;
        }
        std::vector<char> asked(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
            asked[i] = out_[i] && claim_.reasons[i] == PoolReason::too_few_neighbours;
            if (!asked[i] && claim_.missing[i] != 0) {
                differs(FirmId(i), "a missing amount of", claim_.missing[i], 0);
            }
        }
        std::vector<double> least(n, HUGE_VAL);
        std::vector<char> lawful(n, 0);
        for (std::size_t k = 0; k < problem_.rules.size(); ++k) {
            for (const Lack& lack : lacks_under(k, asked)) {
                least[lack.firm] = std::min(least[lack.firm], lack.missing);
                lawful[lack.firm] = lawful[lack.firm] || lack.lawful;
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            if (!asked[i]) continue;
            const double found = std::isfinite(least[i]) ? least[i] : 0;
            if (lawful[i]) {
                fail(FirmId(i), std::string("the reason given is '") +
                                    name(PoolReason::too_few_neighbours) +
                                    "', yet a lawful sum and number of firms is within reach");
            } else if (!(std::fabs(claim_.missing[i] - found) <= 1e-6 * (1 + found))) {
                differs(FirmId(i), "a missing amount of", claim_.missing[i], found);
            }
        }
    }

    /// What lacks, for the firms asked about, at every seat of a rule.
    [[nodiscard]] std::vector<Lack> lacks_under(std::size_t k,
                                                const std::vector<char>& asked) const {
        const PoolRule& keyed = problem_.rules[k];
        const std::vector<FirmId> order = case_.firms_under(keyed);
        struct Seat {
            std::size_t first, last;
            PoolPlace at;
            std::size_t site;
        };
        std::vector<Seat> seats;
        const bool sites = problem_.at_sites(k), members = case_.placed() && !sites;
        for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
            bool any = false;
            for (last = first;
                 last < order.size() && keyed.cell_of(order[last]) == keyed.cell_of(order[first]);
                 ++last) {
                any = any || asked[order[last]];
            }
            if (!any) continue;
            if (sites) {
                for (std::size_t s = 0; s < problem_.sites.size(); ++s)
                    seats.push_back({first, last, problem_.sites[s], s});
            } else if (!members) {
                seats.push_back({first, last, {}, 0});
            }
            for (std::size_t p = first; members && p < last; ++p) {
                const PoolPlace at = problem_.place[order[p]];
                if (p > first && problem_.place[order[p - 1]].a == at.a &&
                    problem_.place[order[p - 1]].b == at.b)
                    continue;
                seats.push_back({first, last, at, 0});
            }
        }
        constexpr std::size_t chunk = 64;
        std::vector<std::vector<Lack>> parts((seats.size() + chunk - 1) / chunk);
        parallel_chunks(seats.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
            std::vector<FirmId> near;
            for (std::size_t s = begin; s < end; ++s) {
                const Seat& seat = seats[s];
                near.clear();
                bool any = false;
                auto p = order.begin() + static_cast<std::ptrdiff_t>(seat.first);
                auto to = order.begin() + static_cast<std::ptrdiff_t>(seat.last);
                if (case_.placed() && std::isfinite(keyed.rule.max_radius_km)) {
                    const double width = strip(keyed.rule.max_radius_km);
                    p = std::lower_bound(p, to, seat.at.a - width, [&](FirmId i, double a) {
                        return problem_.place[i].a < a;
                    });
                    to = std::upper_bound(p, to, seat.at.a + width, [&](double a, FirmId i) {
                        return a < problem_.place[i].a;
                    });
                }
                for (; p != to; ++p) {
                    if (case_.km(case_.place(*p), seat.at) > keyed.rule.max_radius_km) continue;
                    near.push_back(*p);
                    any = any || asked[*p];
                }
                if (any)
                    look(keyed.rule, case_.most(k, seat.site), members, seat.at, near, asked,
                         parts[begin / chunk]);
            }
        });
        std::vector<Lack> all;
        for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
        return all;
    }

    /// The largest sum with each firm asked about among those near a seat.
    void look(const DossierRule& rule, double most, bool of_member, PoolPlace at,
              std::vector<FirmId>& near, const std::vector<char>& asked,
              std::vector<Lack>& lacks) const {
        std::sort(near.begin(), near.end(), [&](FirmId i, FirmId j) {
            return std::pair(-problem_.amount[i], i.value) <
                   std::pair(-problem_.amount[j], j.value);
        });
        const auto at_home = [&](FirmId i) {
            return !of_member || (problem_.place[i].a == at.a && problem_.place[i].b == at.b);
        };
        const auto host = std::find_if(near.begin(), near.end(), at_home);
        std::vector<double> upto(near.size() + 1, 0), small(near.size() + 1, 0);
        for (std::size_t p = 0; p < near.size(); ++p) {
            upto[p + 1] = upto[p] + problem_.amount[near[p]];
            small[p + 1] = small[p] + problem_.amount[near[near.size() - 1 - p]];
        }
        for (std::size_t p = 0; p < near.size(); ++p) {
            const FirmId i = near[p];
            if (!asked[i]) continue;
            std::vector<std::size_t> fixed{p};
            if (!at_home(i)) fixed.push_back(static_cast<std::size_t>(host - near.begin()));
            if (most < static_cast<double>(fixed.size())) continue;
            // The firms fixed, and the largest others: take the first ranks and skip the fixed
            // ones.
            std::sort(fixed.begin(), fixed.end());
            auto last =
                static_cast<std::size_t>(std::min(most - static_cast<double>(fixed.size()),
                                                  static_cast<double>(near.size() - fixed.size())));
            double sum = 0;
            for (const std::size_t f : fixed) {
                sum += problem_.amount[near[f]];
                if (f < last) {
                    sum -= problem_.amount[near[f]];
                    ++last;
                }
            }
            sum += upto[last];
            const auto least = static_cast<std::size_t>(rule.min_members);
            double smallest = problem_.amount[i];
            if (least > 1 && near.size() >= least) {
                // The least number with the smallest others.
                const bool among = near.size() - 1 - p < least - 1;
                smallest = among ? small[least] : smallest + small[least - 1];
            }
            const double slack = 1e-9 * (1 + std::fabs(rule.min_sum));
            lacks.push_back({i, std::max(0.0, rule.lowest_sum() - sum),
                             sum >= rule.lowest_sum() + slack && near.size() >= least &&
                                 most >= rule.min_members &&
                                 smallest <= rule.highest_sum() - slack});
        }
    }

    const PoolCase& case_;
    const PoolProblem& problem_;
    const PoolResult& claim_;
    unsigned threads_;
    std::vector<char> out_;
    std::vector<Complaint> found_;
};

}  // namespace libmatch::check::detail
