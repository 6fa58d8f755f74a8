// Offers of firms at which no group is worth opening, as high as they go: the prices of a large
// pooling problem.
//
// Problem: max sum of offers q_i <= v_i with sum over g of (q_i - cost_per_km d_i) <= opening for
// every lawful g. Prices v_i - q_i then bound every plan.
//
// Method. Start: at each seat, the level at which equal offers of the nearest firms pay opening and
// travel; a firm offers the least level around it. Where a sum limit or a reward counts, a share of
// the opening cost is first laid on the amounts. Ascent: every seat has a slack, and each firm
// raises its offer by its part of the least slack around it; a group has at most `most` members and
// at most max_sum of amounts, so the parts of one group never exceed its slack. Balance: steps of
// seats and firms in turn, from the groups of a packing, towards offers at which every firm is in
// one group; sums of whole units know no order, so threads may add them as they come. Proof: every
// seat is looked at again, beyond its near spots by the tree, and members of a group that is still
// worth too much lower their offers.
//
// Complexity: O(pairs of seats and near kinds) per pass. Deterministic for any number of threads:
// passes write to slots of their own, and what must be lowered is lowered in the order of seats.
//
// Source: D. Erlenkotter, "A dual-based procedure for uncapacitated facility location", Operations
// Research 26, 1978 (dual ascent); A. Chambolle, T. Pock, "A first-order primal-dual algorithm for
// convex problems with applications to imaging", Journal of Mathematical Imaging and Vision 40,
// 2011 (balance).
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/pool/ground.hpp>
#include <libmatch/pool/seat_pricer.hpp>

namespace libmatch::detail {

class WidePrices {
  public:
    WidePrices(const Ground& ground, unsigned threads, const Control& control)
        : ground_(ground), threads_(threads), control_(control) {
        views_.resize(ground.rules().size());
        for (std::size_t k = 0; k < views_.size(); ++k) {
            views_[k].assign(ground.rules()[k].spots(), View{});
        }
    }

    [[nodiscard]] const std::vector<double>& offers() const { return offer_; }

    /// What the prices of these offers sum to.
    [[nodiscard]] double bound() const { return bound_of(offer_); }

    /// Feasible offers but for what lies beyond near spots; false if stopped.
    bool start() {
        constexpr double shares[] = {0, 0.5, 0.8, 0.95, 1};
        const bool limited = std::any_of(
            ground_.rules().begin(), ground_.rules().end(), [](const Ground::Rule& rule) {
                return rule.opening < 0 ? rule.lowest > 0 : std::isfinite(rule.highest);
            });
        double best = HUGE_VAL;
        for (const double share : shares) {
            std::vector<double> offer = start_at(share);
            if (control_.stop()) return false;
            const double bound = bound_of(offer);
            if (bound < best) {
                best = bound;
                offer_ = std::move(offer);
            }
            if (!limited) break;
        }
        return true;
    }

    /// Raises offers where all seats around have slack; false if stopped.
    bool ascend() {
        look_at_all();
        if (control_.stop()) return false;
        std::vector<double> next(offer_.size());
        parallel_chunks(offer_.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
            for (std::size_t p = begin; p < end; ++p) {
                const auto c = static_cast<std::uint32_t>(p);
                double most = std::max(offer_[c], ground_.value(c));
                for (std::size_t k = 0; k < views_.size(); ++k) {
                    most = std::min(most, allowed(k, c));
                }
                next[c] = most;
            }
        });
        offer_.swap(next);
        return true;
    }

    /// Brings offers near those at which each firm is in one group: seats where a group is worth
    /// more than its opening cost open more of them, and firms in several groups offer less. The
    /// offers may be too high then, which a proof or an ascent does not forgive. `open`: groups at
    /// each seat of each rule to start from. False if stopped.
    bool balance(std::vector<std::vector<double>> open, int steps) {
        std::vector<double> crowd(offer_.size(), 1);
        for (const Ground::Rule& rule : ground_.rules()) {
            for (std::uint32_t s = 0; s < rule.spots(); ++s) {
                for (const std::uint32_t c : rule.kinds_at(s)) {
                    crowd[c] = std::max(crowd[c], crowd_at(rule, s));
                }
            }
        }
        std::vector<std::int64_t> held(offer_.size());  // in units that add up in any order
        for (int step = 0; step < steps; ++step) {
            std::fill(held.begin(), held.end(), 0);
            for (std::size_t k = 0; k < views_.size(); ++k) hold(k, open[k], held);
            if (control_.stop()) return false;
            const double size = offer_step / (1 + offer_damping * step);
            for (std::uint32_t c = 0; c < offer_.size(); ++c) {
                const double share = static_cast<double>(held[c]) / unit / ground_.count(c);
                offer_[c] = std::min(offer_[c] + size / crowd[c] * (1 - share), ground_.value(c));
            }
        }
        return true;
    }

    /// Lowers offers until no seat, near spots and all beyond, has a group worth more than `floor`.
    /// False if stopped, and then the offers prove nothing.
    bool prove(double floor) {
        for (std::uint32_t k = 0; k < views_.size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            const std::vector<Far> far = summaries(rule);
            std::vector<std::vector<std::uint32_t>> broken((rule.spots() + chunk - 1) / chunk);
            parallel_chunks(rule.spots(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
                SeatPricer pricer(ground_);
                for (std::size_t s = begin; s < end; ++s) {
                    if ((s & 63) == 0 && control_.stop()) return;
                    const auto seat = static_cast<std::uint32_t>(s);
                    double mu = views_[k][s].mu;
                    if (upper_with_far(rule, seat, pricer, far, mu, floor) > floor) {
                        broken[begin / chunk].push_back(seat);
                    }
                }
            });
            SeatPricer pricer(ground_);
            std::size_t looked = 0;
            for (const auto& part : broken) {
                for (const std::uint32_t seat : part) {
                    if ((++looked & 31) == 0 && control_.stop()) return false;
                    settle(rule, seat, pricer, far, views_[k][seat].mu, floor);
                }
            }
            if (control_.stop()) return false;
        }
        return true;
    }

  private:
    static constexpr std::size_t chunk = 1024;
    static constexpr double by_amount = 0.5;  ///< part of a slack that is shared by amounts

    static constexpr double unit = 0x1p20;
    static constexpr double seat_step = 2, offer_step = 0.02, offer_damping = 0.02;

    struct View {
        double slack = 0, free = 0, free_home = 0, mu = 0;
        float members = 1;
    };

    [[nodiscard]] double bound_of(const std::vector<double>& offer) const {
        Sum total;
        for (std::uint32_t c = 0; c < offer.size(); ++c) {
            for (const FirmId i : ground_.firms(c)) {
                total.add(std::max(0.0, ground_.problem().value_of(i) - offer[c]));
            }
        }
        return total.value();
    }

    [[nodiscard]] auto counts() const {
        return [this](std::uint32_t c) { return ground_.count(c); };
    }

    /// What each euro carries of the opening cost, if this share of it is laid on amounts.
    [[nodiscard]] static double per_euro(const Ground::Rule& rule, double share) {
        const double sum = rule.opening < 0 ? rule.lowest : rule.highest;
        return std::isfinite(sum) && sum > 0 ? share * rule.opening / sum : 0;
    }

    [[nodiscard]] std::vector<double> start_at(double share) {
        std::vector<double> offer(ground_.kinds(), HUGE_VAL);
        for (std::size_t k = 0; k < views_.size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            const double euro = per_euro(rule, share);
            const double left = euro == 0 ? rule.opening : (1 - share) * rule.opening;
            std::vector<double> level(rule.spots());
            parallel_chunks(rule.spots(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
                for (std::size_t s = begin; s < end; ++s) {
                    level[s] = level_of(rule, static_cast<std::uint32_t>(s), left);
                }
            });
            parallel_chunks(offer.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
                for (std::size_t p = begin; p < end; ++p) {
                    const auto c = static_cast<std::uint32_t>(p);
                    const std::uint32_t spot = rule.spot_of[c];
                    if (spot == Ground::none) continue;
                    double least = HUGE_VAL;
                    for (const Ground::Near& n : rule.near(spot)) {
                        least = std::min(least, std::max(level[n.spot], rule.per_km * n.km));
                    }
                    const double amount = euro < 0 ? ground_.high(c) : ground_.low(c);
                    offer[c] = std::min(offer[c], least + euro * amount);
                }
            });
        }
        for (std::uint32_t c = 0; c < offer.size(); ++c) {
            offer[c] = std::min(offer[c], ground_.value(c));
        }
        return offer;
    }

    /// The equal offers at which the nearest firms pay the cost and their travel.
    [[nodiscard]] double level_of(const Ground::Rule& rule, std::uint32_t seat, double cost) const {
        if (cost < 0) return cost / rule.least;
        double paid = cost, firms = 0;
        for (const Ground::Near& n : rule.near(seat)) {
            const double travel = rule.per_km * n.km;
            if (firms > 0 && paid <= travel * firms) break;
            for (const std::uint32_t c : rule.kinds_at(n.spot)) {
                const double more = std::min<double>(ground_.count(c), rule.most - firms);
                paid += more * travel;
                firms += more;
            }
            if (firms >= rule.most) break;
        }
        return paid / firms;
    }

    /// About how many groups can meet at a spot at once.
    [[nodiscard]] double crowd_at(const Ground::Rule& rule, std::uint32_t spot) const {
        double firms = 0;
        for (const std::uint32_t c : rule.kinds_at(spot)) firms += ground_.count(c);
        return std::max(1.0, firms / 3);
    }

    /// One step of the seats of a rule, and by how many groups the firms are held then.
    void hold(std::size_t k, std::vector<double>& open, std::vector<std::int64_t>& held) {
        const Ground::Rule& rule = ground_.rules()[k];
        parallel_chunks(rule.spots(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
            SeatPricer pricer(ground_);
            for (std::size_t s = begin; s < end; ++s) {
                if ((s & 63) == 0 && control_.stop()) return;
                const auto seat = static_cast<std::uint32_t>(s);
                pricer.load(rule, seat, offer_, counts());
                const double before = open[s];
                const double upper = pricer.upper(views_[k][s].mu, before > 0 ? -HUGE_VAL : 0.0);
                open[s] = upper == -HUGE_VAL
                              ? 0
                              : std::max(0.0, before + seat_step * crowd_at(rule, seat) * upper);
                const double ahead = 2 * open[s] - before;
                if (!(ahead > 0)) continue;
                pricer.each_member([&](const SeatPricer::Item& item, double firms) {
                    std::atomic_ref<std::int64_t>(held[item.kind])
                        .fetch_add(static_cast<std::int64_t>(ahead * firms * unit),
                                   std::memory_order_relaxed);
                });
            }
        });
    }

    void look_at_all() {
        for (std::size_t k = 0; k < views_.size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            parallel_chunks(rule.spots(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
                SeatPricer pricer(ground_);
                SeatPricer::Set set;
                for (std::size_t s = begin; s < end; ++s) {
                    if ((s & 63) == 0 && control_.stop()) return;
                    View& view = views_[k][s];
                    pricer.load(rule, static_cast<std::uint32_t>(s), offer_, counts());
                    const double upper = pricer.upper(view.mu, -HUGE_VAL);
                    view.slack = std::max(0.0, -upper);
                    view.members =
                        static_cast<float>(std::min<std::size_t>(rule.most, pricer.in_reach()));
                    if (upper == -HUGE_VAL) continue;
                    pricer.take(view.mu, set);
                    view.free = set.free;
                    view.free_home = set.free_home;
                }
            });
        }
    }

    /// How far the seats of a rule let a kind's offer rise.
    [[nodiscard]] double allowed(std::size_t k, std::uint32_t c) const {
        const Ground::Rule& rule = ground_.rules()[k];
        const std::uint32_t spot = rule.spot_of[c];
        if (spot == Ground::none) return HUGE_VAL;
        double most = HUGE_VAL;
        for (const Ground::Near& n : rule.near(spot)) {
            const View& view = views_[k][n.spot];
            if (view.slack == HUGE_VAL) continue;
            const double mu = view.mu;
            const double sized = mu == 0 ? 0 : mu * (mu > 0 ? ground_.high(c) : ground_.low(c));
            const double score = offer_[c] - rule.per_km * n.km + sized;
            double part = 1 / static_cast<double>(view.members);
            if (mu < 0) {
                part = (1 - by_amount) * part + by_amount * ground_.low(c) / rule.highest;
            }
            const double free = n.spot == spot ? view.free_home : view.free;
            most = std::min(most, offer_[c] + view.slack * part + std::max(0.0, free - score));
        }
        return most;
    }

    // ---- proof

    /// Largest offer, and the amounts, within a box.
    struct Far {
        double offer = -HUGE_VAL, high = 0, low = HUGE_VAL;
    };

    [[nodiscard]] std::vector<Far> summaries(const Ground::Rule& rule) const {
        std::vector<Far> far(rule.boxes.size());
        // Children come after their parents in depth-first order.
        for (std::size_t b = rule.boxes.size(); b-- > 0;) {
            const Ground::Box& box = rule.boxes[b];
            const auto widen = [&](const Far& by) {
                far[b].offer = std::max(far[b].offer, by.offer);
                far[b].high = std::max(far[b].high, by.high);
                far[b].low = std::min(far[b].low, by.low);
            };
            if (box.skip == b + 1) {
                for (std::uint32_t s = box.first; s < box.last; ++s) {
                    for (const std::uint32_t c : rule.kinds_at(s)) {
                        widen({offer_[c], ground_.high(c), ground_.low(c)});
                    }
                }
            } else {
                widen(far[b + 1]);
                widen(far[rule.boxes[b + 1].skip]);
            }
        }
        return far;
    }

    /// As SeatPricer::upper, with every spot of the cell that can change it.
    double upper_with_far(const Ground::Rule& rule, std::uint32_t seat, SeatPricer& pricer,
                          const std::vector<Far>& far, double& mu, double floor) const {
        pricer.load(rule, seat, offer_, counts());
        double upper = pricer.upper(mu, floor);
        if (!rule.cut_off(seat)) return upper;
        for (;;) {
            // Spots beyond change nothing at this multiplier if no score there is above `free`.
            SeatPricer::Set set;
            const bool any = upper > -HUGE_VAL && pricer.take(mu, set);
            const double free = any && set.members >= rule.least ? set.free : -HUGE_VAL;
            const bool added = add_far(rule, seat, pricer, far, any ? mu : 0, free);
            if (!added) return upper;
            upper = pricer.upper(mu, floor);
            if (upper > floor) return upper;
        }
    }

    /// Adds spots beyond the near ones where some score may be above `free`.
    bool add_far(const Ground::Rule& rule, std::uint32_t seat, SeatPricer& pricer,
                 const std::vector<Far>& far, double mu, double free) const {
        const std::uint32_t cell = rule.cell[seat], here = rule.place[seat];
        const auto score = [&](const Far& f, double km) {
            return f.offer - rule.per_km * km + (mu == 0 ? 0 : mu * (mu > 0 ? f.high : f.low));
        };
        const auto near = rule.near(seat);
        bool added = false;
        for (std::uint32_t b = rule.tree_begin[cell]; b < rule.tree_begin[cell + 1];) {
            const Ground::Box& box = rule.boxes[b];
            const double km = std::max(0.0, ground_.km_to(box, here));
            if (km > rule.radius || score(far[b], km) <= free) {
                b = box.skip;
                continue;
            }
            if (box.skip == b + 1) {
                for (std::uint32_t s = box.first; s < box.last; ++s) {
                    if (pricer.has_far(s)) continue;
                    if (std::any_of(near.begin(), near.end(),
                                    [&](const Ground::Near& n) { return n.spot == s; })) {
                        continue;
                    }
                    const double quick = ground_.quick_km(rule.place[s], here) * (1 - 1e-9);
                    if (quick > rule.radius) continue;
                    Far most;
                    for (const std::uint32_t c : rule.kinds_at(s)) {
                        most.offer = std::max(most.offer, offer_[c]);
                        most.high = std::max(most.high, ground_.high(c));
                        most.low = std::min(most.low, ground_.low(c));
                    }
                    if (score(most, quick) <= free) continue;
                    pricer.add_far(s, quick, seat, offer_, counts());
                    added = true;
                }
            }
            ++b;
        }
        return added;
    }

    void settle(const Ground::Rule& rule, std::uint32_t seat, SeatPricer& pricer,
                const std::vector<Far>& far, double mu, double floor) {
        // Ever larger cuts, so that few groups of a seat are met one after the other.
        for (double factor = 1.000001; !control_.stop(); factor *= 1.05) {
            const double upper = upper_with_far(rule, seat, pricer, far, mu, floor);
            if (upper <= floor) return;
            double members = 0;
            pricer.each_member([&](const SeatPricer::Item&, double firms) { members += firms; });
            const double cut = factor * (upper + floor) / members;
            pricer.each_member([&](const SeatPricer::Item& item, double firms) {
                if (firms > 0) offer_[item.kind] -= cut;
            });
        }
    }

    const Ground& ground_;
    unsigned threads_;
    const Control& control_;
    std::vector<double> offer_;
    std::vector<std::vector<View>> views_;  ///< per rule and seat
};

}  // namespace libmatch::detail
