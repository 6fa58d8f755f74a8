// Answers for the firms that no group takes: why, what amount is missing, and the nearest group
// with all that a firm would need to be taken there.
//
// Method: keys, amounts and bonds are read off the problem, missing amounts come from the caller.
// Groups of each rule and cell are sorted by the first coordinate of their seat; from a firm's own
// coordinate the search goes both ways until no seat beyond can be nearer. Ties go to the smaller
// group.
//
// Complexity: O(groups log groups + groups in the strip of the nearest) per firm that is out.
// Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/core/parallel.hpp>
#include <libmatch/pool/board.hpp>

namespace libmatch::detail {

class LeftOut {
  public:
    /// `board`: where units meet; may be null where no firms are bound together.
    LeftOut(const PoolProblem& problem, const Bonds& bonds, const Board* board, PoolResult& result)
        : problem_(problem), bonds_(bonds), board_(board), result_(result) {
        for (std::uint32_t g = 0; g < result.groups.size(); ++g) {
            const PoolGroup& group = result.groups[g];
            const std::uint32_t cell = problem_.rules[group.rule].cell_of(group.members.front());
            const PoolPlace seat = seat_place(group);
            groups_[key(group.rule, cell)].push_back({seat.a, g});
            seats_.push_back(point(seat));
        }
        for (auto& [cell, list] : groups_) std::sort(list.begin(), list.end());
    }

    /// meets(firm, missing): whether some seat may hold a lawful group with the firm; else what is
    /// missing. Called by several threads.
    template <class Meets>
    void answer(unsigned threads, const Meets& meets) {
        const std::size_t n = problem_.amount.size();
        result_.reasons.assign(n, PoolReason::not_worth);
        result_.missing.assign(n, 0);
        result_.nearest.assign(n, {});
        for (const PoolGroup& g : result_.groups) {
            for (const FirmId i : g.members) result_.reasons[i] = PoolReason::pooled;
        }
        parallel_chunks(n, 256, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                if (result_.reasons[i] == PoolReason::pooled) continue;
                result_.nearest[i] = nearest(FirmId(i));
                result_.reasons[i] = reason(FirmId(i));
                double missing = HUGE_VAL;
                if (result_.reasons[i] != PoolReason::not_worth || meets(FirmId(i), missing))
                    continue;
                result_.reasons[i] = PoolReason::too_few_neighbours;
                result_.missing[i] = std::isfinite(missing) ? missing : 0;
            }
        });
        if (!bonds_.any()) return;
        for (std::uint32_t g = 0; g < result_.groups.size(); ++g) mark_kept_apart(g);
    }

  private:
    struct Seated {
        double a;  ///< first coordinate
        std::uint32_t group;
        bool operator<(const Seated& other) const {
            return a < other.a || (a == other.a && group < other.group);
        }
    };

    static std::uint64_t key(std::uint32_t rule, std::uint32_t cell) {
        return std::uint64_t{rule} << 32 | cell;
    }

    [[nodiscard]] PoolPlace seat_place(const PoolGroup& group) const {
        if (problem_.metric == Metric::none) return {};
        return problem_.at_sites(group.rule) ? problem_.sites[group.seat]
                                             : problem_.place[group.seat];
    }

    [[nodiscard]] PoolReason reason(FirmId i) const {
        bool covered = false, fits = false, with_others = false;
        for (const PoolRule& keyed : problem_.rules) {
            if (keyed.cell_of(i) == PoolRule::no_cell) continue;
            covered = true;
            fits = fits || problem_.amount[i] <= keyed.rule.highest_sum();
            with_others = with_others || under(keyed, i);
        }
        if (!covered) return PoolReason::no_rule;
        if (!fits) return PoolReason::amount_over_max;
        if (!with_others || !unit_meets(i)) return PoolReason::bound_to_others;
        return PoolReason::not_worth;
    }

    /// Whether firm i, with all that are bound to it, is under a rule.
    [[nodiscard]] bool under(const PoolRule& keyed, FirmId i) const {
        return keyed.cell_of(i) != PoolRule::no_cell &&
               problem_.amount[i] <= keyed.rule.highest_sum() &&
               bonds_.may_pool(problem_, keyed, i);
    }

    /// Whether some seat is in reach of all that are bound to firm i.
    [[nodiscard]] bool unit_meets(FirmId i) const {
        const Bonds& bonds = bonds_;
        if (!bonds.moves_with_others(i)) return true;
        const std::vector<FirmId>& unit = bonds.firms(bonds.unit_of(i));
        bool met = false;
        for (std::uint32_t k = 0; k < problem_.rules.size() && !met; ++k) {
            const double radius = board_->rules()[k].radius;
            board_->each_seat_near(k, i, [&](std::uint32_t seat, double) {
                met = met || std::all_of(unit.begin(), unit.end(),
                                         [&](FirmId j) { return board_->km(j, seat) <= radius; });
            });
        }
        return met;
    }

    /// Firms that a group would take but for a member to be kept apart from them.
    void mark_kept_apart(std::uint32_t g) {
        const PoolGroup& group = result_.groups[g];
        const Bonds& bonds = bonds_;
        for (const FirmId member : group.members) {
            const std::uint32_t unit = bonds.unit_of(member);
            if (unit == Bonds::none) continue;
            for (const std::uint32_t enemy : bonds.enemies(unit)) {
                for (const FirmId i : bonds.firms(enemy)) {
                    const PoolRule& keyed = problem_.rules[group.rule];
                    if (result_.reasons[i] == PoolReason::not_worth && under(keyed, i) &&
                        keyed.cell_of(i) == keyed.cell_of(member) && needs_at(g, i).nothing_else())
                        result_.reasons[i] = PoolReason::kept_apart;
                }
            }
        }
    }

    /// In space; a plane has no third coordinate.
    [[nodiscard]] SpherePoint point(PoolPlace p) const {
        if (problem_.metric == Metric::sphere) return on_sphere(LatLon{p.a, p.b});
        return {p.a, p.b, 0};
    }
    [[nodiscard]] double km(SpherePoint p, SpherePoint q) const {
        if (problem_.metric == Metric::none) return 0;
        return problem_.metric == Metric::plane ? std::hypot(p.x - q.x, p.y - q.y)
                                                : distance_km(p, q);
    }
    [[nodiscard]] PoolPlace place(FirmId i) const {
        return problem_.metric == Metric::none ? PoolPlace{} : problem_.place[i];
    }

    [[nodiscard]] NearestGroup nearest(FirmId i) const {
        constexpr double km_per_degree = earth_radius_km * 0.017453292519943295;
        const double unit = (problem_.metric == Metric::sphere ? km_per_degree : 1.0) * (1 - 1e-9);
        constexpr double rounding = 1 + 1e-12;
        double best = HUGE_VAL, square = HUGE_VAL;
        std::uint32_t found = NearestGroup::none;
        const SpherePoint here = point(place(i));
        for (std::uint32_t k = 0; k < problem_.rules.size(); ++k) {
            if (!under(problem_.rules[k], i)) continue;
            const auto at = groups_.find(key(k, problem_.rules[k].cell_of(i)));
            if (at == groups_.end()) continue;
            const std::vector<Seated>& list = at->second;
            if (problem_.metric == Metric::none) {
                if (best > 0 || list.front().group < found) found = list.front().group;
                best = 0;
                continue;
            }
            const double a = place(i).a;
            const auto middle = std::lower_bound(list.begin(), list.end(), Seated{a, 0});
            const auto look = [&](const Seated& s) {
                if (std::fabs(s.a - a) * unit > best) return false;
                const double chord = square_of_chord(here, seats_[s.group]);
                if (chord > square * rounding) return true;
                const double far = km(here, seats_[s.group]);
                if (far < best || (far == best && s.group < found)) {
                    best = far;
                    square = chord;
                    found = s.group;
                }
                return true;
            };
            for (auto s = middle; s != list.end() && look(*s); ++s) {
            }
            for (auto s = middle; s != list.begin() && look(*(s - 1)); --s) {
            }
        }
        if (found == NearestGroup::none) return {};
        return needs_at(found, i);
    }

    /// What firm i, with all that are bound to it, lacks to be taken by a group.
    [[nodiscard]] NearestGroup needs_at(std::uint32_t g, FirmId i) const {
        const PoolGroup& group = result_.groups[g];
        const DossierRule& rule = problem_.rules[group.rule].rule;
        const Bonds& bonds = bonds_;
        const SpherePoint seat = seats_[g];
        NearestGroup needs;
        needs.group = g;
        needs.km = km(point(place(i)), seat);
        needs.apart = bonds.has_enemy_in(i, group.members);
        double sum = 0, value = 0;
        std::size_t members = group.members.size();
        for (const FirmId j : group.members) sum += problem_.amount[j];
        const auto join = [&](FirmId j) {
            const double far = km(point(place(j)), seat);
            needs.more_km = std::max(needs.more_km, far - rule.max_radius_km);
            value += problem_.value_of(j) - rule.cost_per_km * far;
            sum += problem_.amount[j];
            ++members;
        };
        if (bonds.moves_with_others(i)) {
            for (const FirmId j : bonds.firms(bonds.unit_of(i))) join(j);
        } else {
            join(i);
        }
        if (sum > rule.highest_sum()) needs.more_eur = sum - rule.max_sum;
        double most = rule.max_members;
        if (problem_.at_sites(group.rule)) most = std::min(most, problem_.seats_at(group.seat));
        needs.places =
            static_cast<std::int32_t>(std::max(0.0, static_cast<double>(members) - most));
        needs.more_value = std::max(0.0, -value);
        return needs;
    }

    const PoolProblem& problem_;
    const Bonds& bonds_;
    const Board* board_;
    PoolResult& result_;
    std::unordered_map<std::uint64_t, std::vector<Seated>> groups_;
    std::vector<SpherePoint> seats_;  ///< of each group
};

}  // namespace libmatch::detail
