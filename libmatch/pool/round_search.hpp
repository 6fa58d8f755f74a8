// Good rounds of one traveller.
//
// Method: savings join single visits to rounds; the rounds that bring most fill the days. Then
// strings of stops are taken out around a firm by lot and put back, with others, where each costs
// least, under a falling temperature. At the end moves that each bring something: 2-opt within a
// round, and putting in, taking out, exchanging visited for waiting firms, relocating and
// exchanging between rounds. The best rounds met are the answer.
//
// Complexity: O(turns x candidates x stops of all days); turns are in proportion to the firms.
// Deterministic for a seed. Sources: G. Clarke, J. W. Wright, "Scheduling of vehicles from a
// central depot to a number of delivery points", Operations Research 12, 1964; J. Christiaens, G.
// Vanden Berghe, "Slack induction by string removals for vehicle routing problems", Transportation
// Science 54, 2020.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/pool/home_area.hpp>

namespace libmatch::detail {

class RoundSearch {
  public:
    static constexpr std::uint32_t waiting = 0xffffffffU;

    RoundSearch(const HomeArea& area, std::uint64_t seed)
        : area_(area), random_(seed), now_(area) {}

    /// The stops of each round, as numbers of the area's firms.
    std::vector<std::vector<std::uint32_t>> run(const Control& control) {
        if (area_.days() == 0) return {};
        join_by_savings();
        improve(control);
        best_ = now_;
        shake(control);
        now_ = best_;
        improve(control);
        std::vector<std::vector<std::uint32_t>> rounds;
        for (std::size_t r = 0; r < area_.days(); ++r) {
            if (now_.size[r] > 0) rounds.emplace_back(now_.stops(r), now_.stops(r) + now_.size[r]);
        }
        return rounds;
    }

    [[nodiscard]] double value() const { return now_.value; }

  private:
    static constexpr double tiny = 1e-9;

    struct State {
        explicit State(const HomeArea& area)
            : width(area.stops()),
              stop(area.days() * area.stops(), 0),
              size(area.days(), 0),
              km(area.days(), 0.0),
              round_of(area.size(), waiting) {}
        std::size_t width;
        std::vector<std::uint32_t> stop;
        std::vector<std::uint32_t> size;
        std::vector<double> km;
        std::vector<std::uint32_t> round_of;
        double value = 0;
        [[nodiscard]] const std::uint32_t* stops(std::size_t r) const { return &stop[r * width]; }
        [[nodiscard]] std::uint32_t* stops(std::size_t r) { return &stop[r * width]; }
    };

    struct Slot {
        std::uint32_t round = waiting;
        std::uint32_t at = 0;
        double km = HUGE_VAL;  ///< how much longer the round gets
    };

    [[nodiscard]] std::size_t place(std::size_t r, std::size_t k) const {
        return k < now_.size[r] ? area_.place_of(now_.stops(r)[k]) : 0;
    }
    [[nodiscard]] std::size_t place_before(std::size_t r, std::size_t k) const {
        return k > 0 ? area_.place_of(now_.stops(r)[k - 1]) : 0;
    }

    /// The cheapest slot of one round for a firm; rounds that are full or would be too long have
    /// none.
    void cheapest(std::size_t r, std::uint32_t firm, Slot& best) const {
        if (now_.size[r] == now_.width) return;
        const std::size_t p = area_.place_of(firm);
        for (std::size_t k = 0; k <= now_.size[r]; ++k) {
            const std::size_t a = place_before(r, k), b = place(r, k);
            const double more = area_.km(a, p) + area_.km(p, b) - area_.km(a, b);
            if (more < best.km && now_.km[r] + more <= area_.max_km())
                best = {static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(k), more};
        }
    }
    /// All empty rounds are alike: the first is enough.
    [[nodiscard]] Slot cheapest(std::uint32_t firm, bool blink) {
        Slot best;
        bool empty = false;
        for (std::size_t r = 0; r < area_.days(); ++r) {
            if (now_.size[r] == 0 && std::exchange(empty, true)) continue;
            if (blink && random_.below(64) == 0) continue;
            cheapest(r, firm, best);
        }
        return best;
    }

    [[nodiscard]] Slot empty_round(std::uint32_t firm) const {
        Slot best;
        for (std::size_t r = 0; r < area_.days() && best.round == waiting; ++r) {
            if (now_.size[r] == 0) cheapest(r, firm, best);
        }
        return best;
    }

    [[nodiscard]] double gain(std::uint32_t firm, double more_km) const {
        return area_.value(firm) - area_.cost_per_km() * more_km;
    }

    void put(std::uint32_t firm, const Slot& slot) {
        std::uint32_t* s = now_.stops(slot.round);
        for (std::size_t k = now_.size[slot.round]; k > slot.at; --k) s[k] = s[k - 1];
        s[slot.at] = firm;
        ++now_.size[slot.round];
        now_.km[slot.round] += slot.km;
        now_.round_of[firm] = slot.round;
        now_.value += gain(firm, slot.km);
    }
    /// How much shorter the round gets without its k-th stop.
    [[nodiscard]] double saved(std::size_t r, std::size_t k) const {
        const std::size_t a = place_before(r, k), p = place(r, k), b = place(r, k + 1);
        return area_.km(a, p) + area_.km(p, b) - area_.km(a, b);
    }
    std::uint32_t take(std::size_t r, std::size_t k) {
        const double less = saved(r, k);
        std::uint32_t* s = now_.stops(r);
        const std::uint32_t firm = s[k];
        for (std::size_t at = k + 1; at < now_.size[r]; ++at) s[at - 1] = s[at];
        --now_.size[r];
        now_.km[r] = now_.size[r] == 0 ? 0 : now_.km[r] - less;
        now_.round_of[firm] = waiting;
        now_.value -= gain(firm, less);
        return firm;
    }

    // ---- first rounds ----

    /// Joins the ends of rounds where that saves most, over near places.
    void join_by_savings() {
        std::vector<std::vector<std::uint32_t>> rounds(area_.size());
        std::vector<double> km(area_.size());
        std::vector<std::uint32_t> round_of(area_.size());
        for (std::uint32_t k = 0; k < area_.size(); ++k) {
            rounds[k] = {k};
            km[k] = 2 * area_.km(0, area_.place_of(k));
            round_of[k] = k;
        }
        struct Saving {
            double km;
            std::uint32_t a, b;
        };
        std::vector<Saving> savings;
        const std::size_t width = near_width();
        for (std::uint32_t k = 0; k < area_.size(); ++k) {
            std::size_t listed = 0;
            for (const std::uint32_t p : near(area_.place_of(k))) {
                for (const std::uint32_t other : area_.at(p)) {
                    if (other <= k || listed++ >= width) continue;
                    const std::size_t q = area_.place_of(k);
                    savings.push_back({area_.km(0, q) + area_.km(0, p) - area_.km(q, p), k, other});
                }
                if (listed >= width) break;
            }
        }
        std::sort(savings.begin(), savings.end(), [](const Saving& x, const Saving& y) {
            return x.km != y.km ? x.km > y.km : x.a != y.a ? x.a < y.a : x.b < y.b;
        });
        for (const Saving& s : savings) {
            const std::uint32_t x = round_of[s.a], y = round_of[s.b];
            if (x == y || rounds[x].size() + rounds[y].size() > area_.stops() ||
                km[x] + km[y] - s.km > area_.max_km())
                continue;
            const bool front_a = rounds[x].front() == s.a, back_a = rounds[x].back() == s.a;
            const bool front_b = rounds[y].front() == s.b, back_b = rounds[y].back() == s.b;
            if (!(front_a || back_a) || !(front_b || back_b)) continue;
            if (!back_a) std::reverse(rounds[x].begin(), rounds[x].end());
            if (!front_b) std::reverse(rounds[y].begin(), rounds[y].end());
            for (const std::uint32_t k : rounds[y]) round_of[k] = x;
            rounds[x].insert(rounds[x].end(), rounds[y].begin(), rounds[y].end());
            rounds[y].clear();
            km[x] += km[y] - s.km;
        }
        std::vector<std::pair<double, std::uint32_t>> order;
        for (std::uint32_t x = 0; x < rounds.size(); ++x) {
            if (rounds[x].empty() || km[x] > area_.max_km()) continue;
            double worth = -area_.cost_per_km() * km[x];
            for (const std::uint32_t k : rounds[x]) worth += area_.value(k);
            if (worth > 0) order.emplace_back(-worth, x);
        }
        std::sort(order.begin(), order.end());
        for (std::size_t r = 0; r < std::min(order.size(), area_.days()); ++r) {
            for (const std::uint32_t firm : rounds[order[r].second]) {
                const std::size_t k = now_.size[r], a = place_before(r, k);
                const std::size_t p = area_.place_of(firm);
                put(firm, {static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(k),
                           area_.km(a, p) + area_.km(p, 0) - area_.km(a, 0)});
            }
        }
    }

    [[nodiscard]] static constexpr std::size_t near_width() { return 40; }

    /// Places by distance from one; itself first.
    const std::vector<std::uint32_t>& near(std::size_t p) {
        if (near_.empty()) near_.resize(area_.places());
        std::vector<std::uint32_t>& list = near_[p];
        if (!list.empty()) return list;
        std::vector<std::pair<double, std::uint32_t>> order;
        for (std::uint32_t q = 1; q < area_.places(); ++q) order.emplace_back(area_.km(p, q), q);
        const auto keep = static_cast<std::ptrdiff_t>(std::min(near_width(), order.size()));
        std::partial_sort(order.begin(), order.begin() + keep, order.end());
        for (std::ptrdiff_t k = 0; k < keep; ++k)
            list.push_back(order[static_cast<std::size_t>(k)].second);
        return list;
    }

    // ---- ruin and recreate ----

    void shake(const Control& control) {
        constexpr std::size_t turns_per_firm = 60;
        const std::size_t visits = std::min(area_.size(), area_.days() * area_.stops());
        const std::size_t turns = 1000 + turns_per_firm * visits;
        double most = 0;
        for (std::size_t k = 0; k < area_.size(); ++k) most = std::max(most, area_.value(k));
        const double hot = 0.1 * most, cold = 0.001 * most;
        if (!(most > 0)) return;
        const double fall = std::pow(cold / hot, 1.0 / static_cast<double>(turns));
        State before = now_;
        double temperature = hot;
        for (std::size_t t = 0; t < turns; ++t, temperature *= fall) {
            if (t % 64 == 0 && control.stop()) break;
            ruin();
            recreate();
            const double u = 1 - random_.uniform();
            if (now_.value > before.value + temperature * std::log(u)) {
                before = now_;
                if (now_.value > best_.value + tiny) best_ = now_;
            } else {
                now_ = before;
            }
        }
    }

    /// Takes strings of stops out of some rounds around a firm; all that may come back instead are
    /// in free_.
    void ruin() {
        free_.clear();
        const std::size_t seed = random_.below(area_.size());
        const std::size_t strings = 1 + random_.below(3);
        std::size_t cut = 0, looked = 0;
        ruined_.assign(area_.days(), 0);
        for (const std::uint32_t p : near(area_.place_of(seed))) {
            for (const std::uint32_t firm : area_.at(p)) {
                const std::uint32_t r = now_.round_of[firm];
                if (r == waiting) {
                    if (looked++ < 8) free_.push_back(firm);
                    continue;
                }
                if (cut == strings || ruined_[r] != 0) continue;
                ruined_[r] = 1;
                ++cut;
                const std::size_t length = 1 + random_.below(now_.size[r]);
                std::size_t k = 0;
                while (now_.stops(r)[k] != firm) ++k;
                const std::size_t lowest = k + 1 >= length ? k + 1 - length : 0;
                const std::size_t highest = std::min(k, now_.size[r] - length);
                const std::size_t begin = lowest + random_.below(highest - lowest + 1);
                for (std::size_t out = 0; out < length; ++out) free_.push_back(take(r, begin));
            }
            if (cut == strings && looked >= 8) break;
        }
    }

    void recreate() {
        keys_.clear();
        const std::uint64_t kind = random_.below(4);
        for (const std::uint32_t firm : free_) {
            const double lot = random_.uniform();
            const double far = area_.km(0, area_.place_of(firm));
            const double key = kind == 0   ? lot
                               : kind == 1 ? -area_.value(firm) * (0.5 + lot)
                               : kind == 2 ? -far
                                           : far;
            keys_.emplace_back(key, firm);
        }
        std::sort(keys_.begin(), keys_.end());
        for (const auto& [key, firm] : keys_) {
            if (now_.round_of[firm] != waiting) continue;  // it was listed twice
            const Slot slot = random_.below(8) == 0 ? empty_round(firm) : cheapest(firm, true);
            if (slot.round == waiting) continue;
            // the first visit of a day need not pay for the way if later ones may
            const bool first = now_.size[slot.round] == 0 && random_.below(2) == 0;
            if (first || gain(firm, slot.km) > 0) put(firm, slot);
        }
        for (std::size_t r = 0; r < area_.days(); ++r) {
            double worth = -area_.cost_per_km() * now_.km[r];
            for (std::size_t k = 0; k < now_.size[r]; ++k) worth += area_.value(now_.stops(r)[k]);
            while (worth < 0 && now_.size[r] > 0) take(r, now_.size[r] - 1);
        }
    }

    // ---- moves that each bring something ----

    void improve(const Control& control) {
        for (bool better = true; better && !control.stop();) {
            better = false;
            for (std::size_t r = 0; r < area_.days(); ++r) better = two_opt(r) || better;
            better = drop_losses() || better;
            better = put_waiting() || better;
            better = replace() || better;
            better = relocate() || better;
            better = exchange() || better;
        }
    }

    bool two_opt(std::size_t r) {
        bool any = false;
        for (bool better = true; better;) {
            better = false;
            for (std::size_t a = 0; a + 1 < now_.size[r]; ++a) {
                for (std::size_t b = a + 1; b < now_.size[r]; ++b) {
                    const double less = area_.km(place_before(r, a), place(r, a)) +
                                        area_.km(place(r, b), place(r, b + 1)) -
                                        area_.km(place_before(r, a), place(r, b)) -
                                        area_.km(place(r, a), place(r, b + 1));
                    if (less <= tiny) continue;
                    std::reverse(now_.stops(r) + a, now_.stops(r) + b + 1);
                    now_.km[r] -= less;
                    now_.value += area_.cost_per_km() * less;
                    better = any = true;
                }
            }
        }
        return any && area_.cost_per_km() > 0;
    }

    bool drop_losses() {
        bool any = false;
        for (std::size_t r = 0; r < area_.days(); ++r) {
            for (std::size_t k = 0; k < now_.size[r];) {
                if (gain(now_.stops(r)[k], saved(r, k)) < -tiny) {
                    take(r, k);
                    any = true;
                } else {
                    ++k;
                }
            }
        }
        return any;
    }

    bool put_waiting() {
        bool any = false;
        for (std::uint32_t firm = 0; firm < area_.size(); ++firm) {
            if (now_.round_of[firm] != waiting) continue;
            const Slot slot = cheapest(firm, false);
            if (slot.round == waiting || gain(firm, slot.km) <= tiny) continue;
            put(firm, slot);
            any = true;
        }
        return any;
    }

    /// A waiting firm takes the place of a visited one in the same round.
    bool replace() {
        bool any = false;
        for (std::uint32_t firm = 0; firm < area_.size(); ++firm) {
            if (now_.round_of[firm] != waiting) continue;
            double most = tiny;
            std::size_t of = 0, out = 0;
            for (std::size_t r = 0; r < area_.days(); ++r) {
                for (std::size_t k = 0; k < now_.size[r]; ++k) {
                    const std::size_t a = place_before(r, k), b = place(r, k + 1);
                    const std::size_t p = area_.place_of(firm);
                    const double more = area_.km(a, p) + area_.km(p, b) - area_.km(a, b);
                    const double change = gain(firm, more) - gain(now_.stops(r)[k], saved(r, k));
                    if (change > most && now_.km[r] - saved(r, k) + more <= area_.max_km()) {
                        most = change;
                        of = r;
                        out = k;
                    }
                }
            }
            if (most <= tiny) continue;
            take(of, out);
            const std::size_t a = place_before(of, out), b = place(of, out);
            const std::size_t p = area_.place_of(firm);
            put(firm, {static_cast<std::uint32_t>(of), static_cast<std::uint32_t>(out),
                       area_.km(a, p) + area_.km(p, b) - area_.km(a, b)});
            any = true;
        }
        return any;
    }

    bool relocate() {
        bool any = false;
        for (std::uint32_t firm = 0; firm < area_.size(); ++firm) {
            const std::uint32_t r = now_.round_of[firm];
            if (r == waiting) continue;
            const std::size_t k = position(firm);
            const double before = now_.value;
            take(r, k);
            const Slot slot = cheapest(firm, false);
            if (slot.round != waiting && now_.value + gain(firm, slot.km) > before + tiny) {
                put(firm, slot);
                any = true;
            } else {
                put_back(firm, r, k);
            }
        }
        return any;
    }

    /// Two firms of different rounds change their rounds, each to its best slot there.
    bool exchange() {
        bool any = false;
        for (std::uint32_t x = 0; x < area_.size(); ++x) {
            if (now_.round_of[x] == waiting) continue;
            for (const std::uint32_t p : near(area_.place_of(x))) {
                for (const std::uint32_t y : area_.at(p)) {
                    const std::uint32_t r = now_.round_of[x], s = now_.round_of[y];
                    if (y <= x || s == waiting || r == s || p == area_.place_of(x)) continue;
                    any = try_exchange(x, r, y, s) || any;
                }
            }
        }
        return any;
    }
    bool try_exchange(std::uint32_t x, std::uint32_t r, std::uint32_t y, std::uint32_t s) {
        const double before = now_.value;
        const std::size_t at_x = position(x), at_y = position(y);
        take(r, at_x);
        take(s, at_y);
        Slot for_x, for_y;
        cheapest(s, x, for_x);
        cheapest(r, y, for_y);
        if (for_x.round != waiting && for_y.round != waiting &&
            now_.value + gain(x, for_x.km) + gain(y, for_y.km) > before + tiny) {
            put(x, for_x);
            put(y, for_y);
            return true;
        }
        put_back(y, s, at_y);
        put_back(x, r, at_x);
        return false;
    }

    [[nodiscard]] std::size_t position(std::uint32_t firm) const {
        const std::uint32_t* s = now_.stops(now_.round_of[firm]);
        std::size_t k = 0;
        while (s[k] != firm) ++k;
        return k;
    }
    void put_back(std::uint32_t firm, std::size_t r, std::size_t k) {
        const std::size_t a = place_before(r, k), b = place(r, k), p = area_.place_of(firm);
        put(firm, {static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(k),
                   area_.km(a, p) + area_.km(p, b) - area_.km(a, b)});
    }

    const HomeArea& area_;
    Random random_;
    State now_;
    State best_{area_};
    std::vector<std::vector<std::uint32_t>> near_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint8_t> ruined_;
    std::vector<std::pair<double, std::uint32_t>> keys_;
};

}  // namespace libmatch::detail
