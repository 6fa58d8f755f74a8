// A pooling problem laid out for search: who can meet where, under which rule.
//
// Firms of one rule that share cell and place form a spot; a seat is a spot (or a listed site) at
// which groups of one rule and cell can meet.
//
// Method: spots are sorted by cell and first coordinate, so the spots within the radius of a seat
// lie in a window found by bisection. The reach of all seats is stored while it fits in
// `stored_pairs`, and scanned again on each use beyond that, so memory stays linear in the firms.
// Firms that a pair binds to others are under a rule only where all of these share their cell.
//
// Complexity: O(n log n + pairs in all windows). Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <libmatch/core/geo.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/pool/bonds.hpp>

namespace libmatch::detail {

class Board {
  public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t stored_pairs = std::size_t{1} << 26;

    /// A rule's limits with the rounding slack of sums taken in, and its firms by spot.
    struct Rule {
        double lowest = 0;
        double highest = HUGE_VAL;
        std::size_t least = 1;  ///< members
        std::size_t most = 1;   ///< members; never above the number of firms
        double radius = HUGE_VAL;
        double far_square = HUGE_VAL;  ///< squares of chords above are beyond the radius
        double cost_per_km = 0;
        double opening = 0;
        std::vector<FirmId> firms;              ///< by cell, then place, then index
        std::vector<std::uint32_t> spot_begin;  ///< in `firms`; one more than there are spots
        std::vector<std::uint32_t> spot_of;  ///< per firm of the problem; none = not under the rule
        std::vector<std::uint32_t> cell_begin;    ///< in spots; one more than there are cells
        std::vector<std::uint32_t> cell_of_spot;  ///< dense number of the cell
        std::uint32_t first_seat = 0;
        bool at_sites = false;
        [[nodiscard]] std::size_t spots() const { return spot_begin.size() - 1; }
    };

    struct Seat {
        std::uint32_t rule = 0;
        std::uint32_t spot =
            none;  ///< the spot that must send a member; none = anybody may meet here
        std::uint32_t cell = 0;
        std::uint32_t site = none;
        std::size_t most = 1;  ///< members
    };

    Board(const PoolProblem& problem, unsigned threads) : problem_(problem), bonds_(problem) {
        place_points();
        for (std::uint32_t k = 0; k < problem.rules.size(); ++k) add_rule(k);
        store_reach(threads);
    }

    [[nodiscard]] const PoolProblem& problem() const { return problem_; }
    [[nodiscard]] std::size_t firms() const { return problem_.amount.size(); }
    [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }
    [[nodiscard]] const std::vector<Seat>& seats() const { return seats_; }
    [[nodiscard]] const Rule& rule_of(std::size_t seat) const { return rules_[seats_[seat].rule]; }
    [[nodiscard]] std::size_t most_at(std::size_t seat) const { return seats_[seat].most; }
    [[nodiscard]] const Bonds& bonds() const { return bonds_; }

    /// Prices are those of firms, then of sites: where the site of a seat stands, if its sessions
    /// are limited, else none.
    [[nodiscard]] std::uint32_t site_row(std::size_t seat) const {
        const std::uint32_t site = seats_[seat].site;
        return site != none && std::isfinite(problem_.sessions_at(site))
                   ? static_cast<std::uint32_t>(firms()) + site
                   : none;
    }
    [[nodiscard]] std::size_t price_rows() const { return firms() + problem_.sites.size(); }
    /// Whether any site has a limit of sessions.
    [[nodiscard]] bool limits_sessions() const {
        return std::any_of(problem_.sessions.begin(), problem_.sessions.end(),
                           [](double x) { return std::isfinite(x); });
    }

    /// Calls visit(spot, km) for every spot of the seat's cell within the radius, in the order of
    /// spots.
    template <class Visit>
    void each_spot_near(std::size_t seat, const Visit& visit) const {
        if (stored_) {
            for (std::size_t p = reach_begin_[seat]; p < reach_begin_[seat + 1]; ++p) {
                visit(reach_spot_[p], reach_km_[p]);
            }
        } else {
            scan(seat, visit);
        }
    }

    /// How many spots each_spot_near() looks at, at most.
    [[nodiscard]] std::size_t spots_near(std::size_t seat) const {
        if (stored_) return reach_begin_[seat + 1] - reach_begin_[seat];
        const Rule& rule = rule_of(seat);
        const std::uint32_t cell = seats_[seat].cell;
        return rule.cell_begin[cell + 1] - rule.cell_begin[cell];
    }

    /// Calls visit(firm, km) for those of some firms that are in the seat's cell and radius.
    template <class Visit>
    void each_of(std::span<const FirmId> firms, std::size_t seat, const Visit& visit) const {
        const Rule& rule = rule_of(seat);
        for (const FirmId i : firms) {
            const std::uint32_t spot = rule.spot_of[i];
            if (spot == none || rule.cell_of_spot[spot] != seats_[seat].cell || is_far(i, seat))
                continue;
            const double far = km(i, seat);
            if (far <= rule.radius) visit(i, far);
        }
    }

    /// Calls visit(firm, km) for every firm of the seat's cell within the radius.
    template <class Visit>
    void each_firm_near(std::size_t seat, const Visit& visit) const {
        const Rule& rule = rule_of(seat);
        each_spot_near(seat, [&](std::uint32_t spot, double km) {
            for (std::uint32_t p = rule.spot_begin[spot]; p < rule.spot_begin[spot + 1]; ++p) {
                visit(rule.firms[p], km);
            }
        });
    }

    /// Calls visit(seat, km) for every seat of one rule at which the firm can meet.
    template <class Visit>
    void each_seat_near(std::uint32_t k, FirmId i, const Visit& visit) const {
        const Rule& rule = rules_[k];
        const std::uint32_t spot = rule.spot_of[i];
        if (spot == none) return;
        if (!rule.at_sites) {
            each_spot_near(rule.first_seat + spot, [&](std::uint32_t other, double km) {
                visit(rule.first_seat + other, km);
            });
            return;
        }
        const std::uint32_t cell = rule.cell_of_spot[spot];
        for (std::uint32_t s = 0; s < problem_.sites.size(); ++s) {
            if (square_of_chord(firm_at_[i], site_at_[s]) > rule.far_square) continue;
            const double km = distance(firm_at_[i], site_at_[s]);
            if (km <= rule.radius) {
                visit(
                    rule.first_seat + cell * static_cast<std::uint32_t>(problem_.sites.size()) + s,
                    km);
            }
        }
    }

    /// The spot whose firms meet at this seat; none for a site.
    [[nodiscard]] std::uint32_t spot_at(std::uint32_t seat) const {
        return seats_[seat].site == none ? seat - rules_[seats_[seat].rule].first_seat : none;
    }

    /// Calls visit(seat) for the seats that firm i opens: its own spot, or every site within the
    /// radius.
    template <class Visit>
    void each_own_seat(std::uint32_t k, FirmId i, const Visit& visit) const {
        const Rule& rule = rules_[k];
        if (rule.spot_of[i] == none) return;
        if (!rule.at_sites) {
            visit(rule.first_seat + rule.spot_of[i]);
        } else {
            each_seat_near(k, i, [&](std::uint32_t seat, double) { visit(seat); });
        }
    }

    [[nodiscard]] double km(FirmId i, std::size_t seat) const {
        const Seat& at = seats_[seat];
        if (problem_.metric == Metric::none) return 0;
        return distance(firm_at_[i], seat_point(at));
    }
    /// Whether the seat is beyond the radius for the firm, without an arcsine: what is not far may
    /// be beyond all the same, by a hair.
    [[nodiscard]] bool is_far(FirmId i, std::size_t seat) const {
        return problem_.metric != Metric::none &&
               square_of_chord(firm_at_[i], seat_point(seats_[seat])) > rule_of(seat).far_square;
    }

  private:
    void place_points() {
        const auto point = [&](PoolPlace at) {
            return problem_.metric == Metric::sphere ? on_sphere({at.a, at.b})
                                                     : SpherePoint{at.a, at.b, 0};
        };
        for (const PoolPlace& at : problem_.place) firm_at_.push_back(point(at));
        for (const PoolPlace& at : problem_.sites) site_at_.push_back(point(at));
    }

    [[nodiscard]] double distance(const SpherePoint& a, const SpherePoint& b) const {
        return problem_.metric == Metric::sphere ? distance_km(a, b)
                                                 : std::hypot(a.x - b.x, a.y - b.y);
    }

    [[nodiscard]] const SpherePoint& seat_point(const Seat& seat) const {
        if (seat.site != none) return site_at_[seat.site];
        const Rule& rule = rules_[seat.rule];
        return firm_at_[rule.firms[rule.spot_begin[seat.spot]]];
    }

    void add_rule(std::uint32_t k) {
        const PoolRule& keyed = problem_.rules[k];
        Rule rule;
        rule.lowest = keyed.rule.lowest_sum();
        rule.highest = keyed.rule.highest_sum();
        rule.least = static_cast<std::size_t>(keyed.rule.min_members);
        rule.most = std::min(static_cast<std::size_t>(keyed.rule.max_members),
                             std::max<std::size_t>(firms(), 1));
        rule.radius = keyed.rule.max_radius_km;
        const double reach =
            problem_.metric == Metric::sphere ? chord_of(rule.radius) : rule.radius;
        rule.far_square = reach * reach * (1 + 1e-9);
        rule.cost_per_km = keyed.rule.cost_per_km;
        rule.opening = keyed.rule.opening_cost;
        rule.at_sites = problem_.at_sites(k);
        rule.spot_of.assign(firms(), none);
        for (std::size_t i = 0; i < firms(); ++i) {
            const FirmId firm(i);
            if (keyed.cell_of(firm) != PoolRule::no_cell && problem_.amount[i] <= rule.highest &&
                bonds_.may_pool(problem_, keyed, firm)) {
                rule.firms.push_back(firm);
            }
        }
        const bool placed = problem_.metric != Metric::none;
        const auto order = [&](FirmId i) {
            const PoolPlace at = placed ? problem_.place[i] : PoolPlace{};
            return std::tuple(keyed.cell_of(i), at.a, at.b, i.value);
        };
        std::sort(rule.firms.begin(), rule.firms.end(),
                  [&](FirmId i, FirmId j) { return order(i) < order(j); });
        for (std::uint32_t p = 0; p < rule.firms.size(); ++p) {
            const auto [cell, a, b, index] = order(rule.firms[p]);
            bool new_cell = p == 0, new_spot = p == 0;
            if (p > 0) {
                const auto [last_cell, last_a, last_b, last] = order(rule.firms[p - 1]);
                new_cell = cell != last_cell;
                new_spot = new_cell || a != last_a || b != last_b;
            }
            if (new_cell)
                rule.cell_begin.push_back(static_cast<std::uint32_t>(rule.spot_begin.size()));
            if (new_spot) {
                rule.spot_begin.push_back(p);
                rule.cell_of_spot.push_back(static_cast<std::uint32_t>(rule.cell_begin.size() - 1));
            }
            rule.spot_of[index] = static_cast<std::uint32_t>(rule.spot_begin.size() - 1);
        }
        rule.cell_begin.push_back(static_cast<std::uint32_t>(rule.spot_begin.size()));
        rule.spot_begin.push_back(static_cast<std::uint32_t>(rule.firms.size()));
        rule.first_seat = static_cast<std::uint32_t>(seats_.size());
        if (!rule.at_sites) {
            for (std::uint32_t spot = 0; spot < rule.spots(); ++spot) {
                seats_.push_back(
                    {k, placed ? spot : none, rule.cell_of_spot[spot], none, rule.most});
            }
        } else {
            for (std::uint32_t cell = 0; cell + 1 < rule.cell_begin.size(); ++cell) {
                for (std::uint32_t s = 0; s < problem_.sites.size(); ++s) {
                    const double seats = problem_.seats_at(s);
                    seats_.push_back({k, none, cell, s,
                                      seats < static_cast<double>(rule.most)
                                          ? static_cast<std::size_t>(seats)
                                          : rule.most});
                }
            }
        }
        rules_.push_back(std::move(rule));
    }

    template <class Visit>
    void scan(std::size_t index, const Visit& visit) const {
        const Seat& seat = seats_[index];
        const Rule& rule = rules_[seat.rule];
        std::uint32_t first = rule.cell_begin[seat.cell];
        std::uint32_t last = rule.cell_begin[seat.cell + 1];
        if (problem_.metric == Metric::none) {
            for (std::uint32_t spot = first; spot < last; ++spot) visit(spot, 0.0);
            return;
        }
        const SpherePoint& at = seat_point(seat);
        if (std::isfinite(rule.radius)) {
            constexpr double km_per_degree = earth_radius_km * 0.017453292519943295;
            const bool sphere = problem_.metric == Metric::sphere;
            const double width =
                (sphere ? rule.radius / km_per_degree : rule.radius) * (1 + 1e-9) + 1e-9;
            const PoolPlace middle = seat.site != none
                                         ? problem_.sites[seat.site]
                                         : problem_.place[rule.firms[rule.spot_begin[seat.spot]]];
            const auto coordinate = [&](std::uint32_t spot) {
                return problem_.place[rule.firms[rule.spot_begin[spot]]].a;
            };
            first = bisect(first, last,
                           [&](std::uint32_t spot) { return coordinate(spot) < middle.a - width; });
            last = bisect(first, last,
                          [&](std::uint32_t spot) { return coordinate(spot) <= middle.a + width; });
        }
        for (std::uint32_t spot = first; spot < last; ++spot) {
            const SpherePoint& there = firm_at_[rule.firms[rule.spot_begin[spot]]];
            if (square_of_chord(there, at) > rule.far_square) continue;
            const double km = distance(there, at);
            if (km <= rule.radius) visit(spot, km);
        }
    }

    /// First index in [first, last) for which `before` is false; `before` is true on a prefix.
    template <class Before>
    static std::uint32_t bisect(std::uint32_t first, std::uint32_t last, const Before& before) {
        while (first < last) {
            const std::uint32_t middle = first + (last - first) / 2;
            if (before(middle)) {
                first = middle + 1;
            } else {
                last = middle;
            }
        }
        return first;
    }

    void store_reach(unsigned threads) {
        std::vector<std::uint32_t> count(seats_.size(), 0);
        parallel_chunks(seats_.size(), 256, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t s = begin; s < end; ++s) {
                scan(s, [&](std::uint32_t, double) { ++count[s]; });
            }
        });
        reach_begin_.assign(1, 0);
        for (const std::uint32_t c : count) reach_begin_.push_back(reach_begin_.back() + c);
        if (reach_begin_.back() > stored_pairs) return;
        reach_spot_.resize(reach_begin_.back());
        reach_km_.resize(reach_begin_.back());
        parallel_chunks(seats_.size(), 256, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t s = begin; s < end; ++s) {
                std::size_t p = reach_begin_[s];
                scan(s, [&](std::uint32_t spot, double km) {
                    reach_spot_[p] = spot;
                    reach_km_[p++] = km;
                });
            }
        });
        stored_ = true;
    }

    const PoolProblem& problem_;
    Bonds bonds_;
    std::vector<SpherePoint> firm_at_;
    std::vector<SpherePoint> site_at_;
    std::vector<Rule> rules_;
    std::vector<Seat> seats_;
    bool stored_ = false;
    std::vector<std::size_t> reach_begin_;
    std::vector<std::uint32_t> reach_spot_;
    std::vector<double> reach_km_;
};

}  // namespace libmatch::detail
