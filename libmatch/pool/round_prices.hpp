// Prices of one traveller's firms, days and km that bound every plan of rounds.
//
// Problem: minimise sum pi_i + days sigma(pi, mu) over pi, mu >= 0, where sigma is the most that a
// relaxed round is worth at the prices, plus mu times the limit of km. A relaxed round may come
// back to a place after another one, and then meets the same firms again (a q-route): so it is
// found by dynamic programming over places and stops, and no lawful round is worth more.
//
// Method: subgradients of several disjoint relaxed rounds at once, deflected, with Polyak's step
// towards the value of the best rounds known. Any prices prove a bound, so it may stop at any time.
//
// Complexity: O(turns x stops x places^2). Deterministic. Sources: N. Christofides, A. Mingozzi, P.
// Toth, "Exact algorithms for the vehicle routing problem, based on spanning tree and shortest path
// relaxations", Mathematical Programming 20, 1981; P. M. Camerini, L. Fratta, F. Maffioli, "On
// improving relaxation methods by modified gradient techniques", Mathematical Programming Study 3,
// 1975.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/home_area.hpp>

namespace libmatch::detail {

/// The relaxed rounds that are worth most at given prices.
class RelaxedRounds {
  public:
    explicit RelaxedRounds(const HomeArea& area) : area_(area), reduced_(area.size()) {
        for (std::size_t p = 1; p < area.places(); ++p) top_.push_back(area.at(p));
    }

    /// The most that a relaxed round is worth less its firms' prices; `per_km`: cost and price. 0
    /// at least, for a day at home.
    double price(const std::vector<double>& pi, double per_km) {
        for (std::size_t k = 0; k < reduced_.size(); ++k) reduced_[k] = area_.value(k) - pi[k];
        list_places(per_km);
        const std::size_t n = active_.size(), q = area_.stops();
        worth_.assign((q + 1) * n, {});
        for (std::size_t k = 0; k < q; ++k) {
            if (k == 0) {
                for (std::size_t x = 0; x < n; ++x) come_[x] = {-home_[x], none, -HUGE_VAL, none};
            } else {
                come_from(k);
            }
            // with k firms met on the way here, the next ones are met here
            for (std::size_t x = 0; x < n; ++x) {
                const std::size_t most = std::min<std::size_t>(many_[x], q - k);
                for (std::size_t t = 1; t <= most; ++t) {
                    Ways& w = worth_[(k + t) * n + x];
                    const double sum = sum_[x * (q + 1) + t];
                    w.add(come_[x].first + sum, come_[x].from);
                    w.add(come_[x].second + sum, come_[x].other);
                }
            }
        }
        ends_.clear();
        double most = 0;
        for (std::size_t k = 1; k <= q; ++k) {
            for (std::size_t x = 0; x < n; ++x) {
                const double w = worth_[k * n + x].first - home_[x];
                most = std::max(most, w);
                if (w > 0)
                    ends_.push_back(
                        {w, static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(x)});
            }
        }
        return most;
    }

    struct Route {
        std::vector<std::uint32_t> firms;  ///< with repetition
        double km = 0;
    };
    /// Rounds worth at least `least` that share no firm, best first, at most `count`.
    void disjoint(double least, std::size_t count, std::vector<Route>& routes) {
        routes.clear();
        std::erase_if(ends_, [&](const End& e) { return e.worth < least; });
        std::sort(ends_.begin(), ends_.end(), [](const End& a, const End& b) {
            return a.worth != b.worth   ? a.worth > b.worth
                   : a.stops != b.stops ? a.stops > b.stops
                                        : a.place < b.place;
        });
        used_.assign(area_.size(), 0);
        std::size_t tries = 0;
        for (const End& e : ends_) {
            if (routes.size() == count || tries++ == 3 * count) break;
            Route route = trace(e);
            if (std::any_of(route.firms.begin(), route.firms.end(),
                            [&](std::uint32_t k) { return used_[k] != 0; }))
                continue;
            for (const std::uint32_t k : route.firms) used_[k] = 1;
            routes.push_back(std::move(route));
        }
    }

  private:
    static constexpr double none = -1;  ///< from home

    /// The two best ways to a place that come from different ones.
    struct Ways {
        double first = -HUGE_VAL, from = none, second = -HUGE_VAL, other = none;
        void add(double worth, double place) {
            if (worth > first) {
                if (place != from) {
                    second = first;
                    other = from;
                }
                first = worth;
                from = place;
            } else if (place != from && worth > second) {
                second = worth;
                other = place;
            }
        }
    };
    struct End {
        double worth;
        std::uint32_t stops, place;
    };

    /// The firms of each place that are worth more than their prices, best first, and their sums. A
    /// stop that is worth nothing never helps, since a detour never shortens a way; so places
    /// without such firms are left out.
    void list_places(double per_km) {
        const std::size_t q = area_.stops();
        active_.clear();
        many_.clear();
        sum_.clear();
        for (std::size_t p = 1; p < area_.places(); ++p) {
            std::vector<std::uint32_t>& top = top_[p - 1];
            std::sort(top.begin(), top.end(), [&](std::uint32_t a, std::uint32_t b) {
                return reduced_[a] != reduced_[b] ? reduced_[a] > reduced_[b] : a < b;
            });
            if (reduced_[top[0]] <= 0) continue;
            active_.push_back(static_cast<std::uint32_t>(p));
            double sum = 0;
            std::size_t t = 0;
            sum_.push_back(0);
            for (; t < std::min(q, top.size()) && reduced_[top[t]] > 0; ++t)
                sum_.push_back(sum += reduced_[top[t]]);
            many_.push_back(static_cast<std::uint32_t>(t));
            sum_.resize(active_.size() * (q + 1));
        }
        const std::size_t n = active_.size();
        home_.resize(n);
        come_.resize(n);
        way_.resize(n * n);
        const double longest = area_.max_km() * (1 + 1e-9);
        for (std::size_t x = 0; x < n; ++x) {
            home_[x] = per_km * area_.km(0, active_[x]);
            for (std::size_t y = 0; y < n; ++y) {
                const double km = area_.km(active_[x], active_[y]);
                const double least = area_.km(0, active_[x]) + km + area_.km(0, active_[y]);
                way_[x * n + y] = least > longest ? HUGE_VAL : per_km * km;
            }
        }
    }

    /// The worth of coming from x, with k stops, to y: not back to where x was come to from.
    [[nodiscard]] double leave(std::size_t k, std::size_t x, std::size_t y) const {
        const Ways& w = worth_[k * active_.size() + x];
        return (w.from == static_cast<double>(y) ? w.second : w.first) -
               way_[x * active_.size() + y];
    }

    void come_from(std::size_t k) {
        const std::size_t n = active_.size();
        first_.assign(n, -HUGE_VAL);
        from_.assign(n, none);
        second_.assign(n, -HUGE_VAL);
        other_.assign(n, none);
        for (std::size_t x = 0; x < n; ++x) {
            const Ways& w = worth_[k * n + x];
            if (w.first == -HUGE_VAL) continue;
            const double worth = w.first, here = static_cast<double>(x);
            const double* way = &way_[x * n];
            const auto back = w.from == none ? x : static_cast<std::size_t>(w.from);
            const auto keep = [&](std::size_t y) {
                return Ways{first_[y], from_[y], second_[y], other_[y]};
            };
            const auto restore = [&](std::size_t y, const Ways& old) {
                first_[y] = old.first;
                from_[y] = old.from;
                second_[y] = old.second;
                other_[y] = old.other;
            };
            const Ways at_back = keep(back), at_x = keep(x);
            for (std::size_t y = 0; y < n; ++y) {
                const double v = worth - way[y];
                const bool better = v > first_[y], next = v > second_[y];
                second_[y] = better ? first_[y] : next ? v : second_[y];
                other_[y] = better ? from_[y] : next ? here : other_[y];
                first_[y] = better ? v : first_[y];
                from_[y] = better ? here : from_[y];
            }
            if (back != x) {
                Ways again = at_back;
                again.add(w.second - way[back], here);
                restore(back, again);
            }
            restore(x, at_x);
        }
        for (std::size_t y = 0; y < n; ++y) come_[y] = {first_[y], from_[y], second_[y], other_[y]};
    }

    [[nodiscard]] Route trace(const End& end) const {
        const std::size_t n = active_.size(), q = area_.stops();
        Route route;
        std::size_t k = end.stops, x = end.place;
        const Ways* w = &worth_[k * n + x];
        double worth = w->first, from = w->from;
        route.km = area_.km(active_[x], 0);
        while (true) {
            const auto f = static_cast<std::size_t>(from);
            std::size_t t = 1;
            for (; t < std::min<std::size_t>(many_[x], k); ++t) {
                if (from == none && t < k) continue;
                const double come = from == none ? -home_[x]
                                    : k > t      ? leave(k - t, f, x)
                                                 : -HUGE_VAL;
                if (come + sum_[x * (q + 1) + t] == worth) break;
            }
            for (std::size_t s = 0; s < t; ++s) route.firms.push_back(top_[active_[x] - 1][s]);
            k -= t;
            if (from == none || k == 0) break;
            w = &worth_[k * n + f];
            const bool second = w->from == static_cast<double>(x);
            worth = second ? w->second : w->first;
            from = second ? w->other : w->from;
            route.km += area_.km(active_[f], active_[x]);
            x = f;
        }
        route.km += area_.km(0, active_[x]);
        return route;
    }

    const HomeArea& area_;
    std::vector<double> reduced_;
    std::vector<std::vector<std::uint32_t>> top_;  ///< by place, the best firms first
    std::vector<std::uint32_t> active_;            ///< places
    std::vector<std::uint32_t> many_;
    std::vector<double> sum_, home_, way_;
    std::vector<Ways> worth_, come_;
    std::vector<double> first_, from_, second_, other_;
    std::vector<End> ends_;
    std::vector<std::uint8_t> used_;
};

struct RoundPrices {
    std::vector<double> firm;  ///< pi
    double day = 0;            ///< sigma
    double km = 0;             ///< mu
    double bound = 0;
};

/// Prices before any work: every firm at its value.
[[nodiscard]] inline RoundPrices safe_prices(const HomeArea& area) {
    RoundPrices p;
    for (std::size_t k = 0; k < area.size(); ++k) {
        p.firm.push_back(area.value(k));
        p.bound += area.value(k);
    }
    return p;
}

/// `known`: the value of some lawful rounds.
[[nodiscard]] inline RoundPrices price_rounds(const HomeArea& area, double known, double gap,
                                              const Control& control) {
    RoundPrices best = safe_prices(area);
    const std::size_t n = area.size();
    const double days = area.given_days();
    if (n == 0) return best;
    if (area.days() == 0) {
        best.firm.assign(n, 0.0);
        best.bound = 0;
        return best;
    }
    // To start, as if each stop cost its part of the way out and back, and stops were sold.
    std::vector<double> pi(n), net(n);
    for (std::size_t k = 0; k < n; ++k) {
        net[k] = area.value(k) - area.cost_per_km() * 2 * area.km(0, area.place_of(k)) /
                                     static_cast<double>(area.stops());
    }
    double sold = 0;
    if (area.days() * area.stops() < n) {
        std::vector<double> order = net;
        const auto at = static_cast<std::ptrdiff_t>(area.days() * area.stops());
        std::nth_element(order.begin(), order.begin() + at, order.end(), std::greater<>());
        sold = std::max(0.0, order[static_cast<std::size_t>(at)]);
    }
    for (std::size_t k = 0; k < n; ++k) pi[k] = std::max(0.0, net[k] - sold);

    RelaxedRounds relaxed(area);
    std::vector<RelaxedRounds::Route> routes;
    std::vector<double> slope(n), way(n, 0.0);
    double mu = 0, way_mu = 0, beta = 1;
    const double unit = std::max(1.0, area.max_km());  // mu moves in prices of a day's whole way
    std::size_t since = 0;
    const std::size_t turns =
        area.places() > HomeArea::most_stored ? 3 : 60 + std::min<std::size_t>(140, n);
    for (std::size_t turn = 0; turn < turns && !control.stop(); ++turn) {
        const double most = relaxed.price(pi, area.cost_per_km() + mu);
        const double sigma = most + mu * area.max_km();
        double bound = days * sigma;
        for (const double p : pi) bound += p;
        if (bound < best.bound - 1e-4 * std::fabs(best.bound - known)) {
            since = 0;
        } else if (++since == 10) {
            since = 0;
            beta *= 0.6;
        }
        if (bound < best.bound) best = {pi, sigma, mu, bound};
        if (best.bound - known <= 0.5 * gap * std::fabs(best.bound) || beta < 0.01) break;

        relaxed.disjoint(most - 0.5 * (bound - known) / days, area.days(), routes);
        std::fill(slope.begin(), slope.end(), 1.0);
        const double share = routes.empty() ? 0.0 : days / static_cast<double>(routes.size());
        double slope_mu = days;
        for (const auto& route : routes) {
            for (const std::uint32_t k : route.firms) slope[k] -= share;
            slope_mu -= share * route.km / unit;
        }
        double size = 0;
        constexpr double kept = 0.6;
        const auto turn_way = [&](double& d, double g, double x) {
            d = g + kept * d;
            if (x <= 0 && d > 0) d = 0;
            size += d * d;
        };
        for (std::size_t k = 0; k < n; ++k) turn_way(way[k], slope[k], pi[k]);
        turn_way(way_mu, slope_mu, mu);
        if (size == 0) break;
        const double step = beta * (bound - known) / size;
        for (std::size_t k = 0; k < n; ++k)
            pi[k] = std::clamp(pi[k] - step * way[k], 0.0, area.value(k));
        mu = std::max(0.0, mu - step * way_mu / unit);
    }
    return best;
}

}  // namespace libmatch::detail
