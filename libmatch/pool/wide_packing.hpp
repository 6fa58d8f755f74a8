// Disjoint lawful groups of a large pooling problem, and the moves that better them.
//
// Method: groups are opened where they are worth most above their members' prices, in rounds of
// falling worth: all seats are looked at in parallel, and then opened one by one. Moves are first
// improvements: insert a firm that is out, move a firm to a nearer seat, swap two firms, put a
// group's seat where it is worth most. The places are cut into stretches of the curve, which are
// bettered in parallel; a group whose members lie in several stretches waits for another cut.
//
// Complexity: O(firms x groups near) per sweep. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/pool/ground.hpp>
#include <libmatch/pool/group_choice.hpp>
#include <libmatch/pool/repacker.hpp>
#include <libmatch/pool/seat_pricer.hpp>

namespace libmatch::detail {

class WidePacking {
  public:
    static constexpr std::uint32_t none = Ground::none;

    struct Group {
        std::uint32_t rule = 0;
        std::uint32_t seat = none;  ///< a spot of the rule; none = dissolved
        double sum = 0;
        std::vector<FirmId> members;
    };

    WidePacking(const Ground& ground, unsigned threads, const Control& control)
        : ground_(ground), threads_(threads), control_(control) {
        const std::size_t n = ground.problem().amount.size();
        group_of_.assign(n, none);
        free_.resize(ground.kinds());
        for (std::uint32_t c = 0; c < ground.kinds(); ++c) free_[c] = ground.count(c);
        at_seat_.resize(ground.rules().size());
        for (std::size_t k = 0; k < at_seat_.size(); ++k) {
            at_seat_[k].assign(ground.rules()[k].spots(), none);
        }
    }

    [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
    [[nodiscard]] std::uint32_t group_of(FirmId i) const { return group_of_[i]; }

    [[nodiscard]] double value() const {
        Sum total;
        for (const Group& g : groups_) {
            if (g.seat != none) total.add(value_of(g));
        }
        return total.value();
    }

    /// Opens groups of firms that are out, in rounds: first those whose worth above their members'
    /// prices is at least -slacks[0], and so on. A kind's price is its value less its offer.
    void open_groups(const std::vector<double>& offer, std::span<const double> slacks) {
        multiplier_.resize(ground_.rules().size());
        for (std::size_t k = 0; k < multiplier_.size(); ++k) {
            multiplier_[k].assign(ground_.rules()[k].spots(), 0);
        }
        for (const double slack : slacks) {
            if (control_.stop()) return;
            open_round(offer, slack);
        }
    }

    /// Sweeps of moves; false if the last one changed nothing.
    bool improve(int sweeps) {
        bool changed = true;
        for (int sweep = 0; sweep < sweeps && changed && !control_.stop(); ++sweep) {
            changed = sweep_once();
        }
        return changed;
    }

  private:
    static constexpr double worth = 1e-9;  ///< gains below are rounding

    [[nodiscard]] const Ground::Rule& rule_of(const Group& g) const {
        return ground_.rules()[g.rule];
    }
    [[nodiscard]] double amount(FirmId i) const { return ground_.problem().amount[i]; }
    [[nodiscard]] double value(FirmId i) const { return ground_.problem().value_of(i); }
    [[nodiscard]] std::uint32_t place(FirmId i) const {
        return ground_.place_of(ground_.kind_of(i));
    }
    [[nodiscard]] static bool lawful(const Ground::Rule& rule, double sum, std::size_t members) {
        return sum >= rule.lowest && sum <= rule.highest && members >= rule.least &&
               members <= rule.most;
    }

    [[nodiscard]] double value_of(const Group& g) const {
        return worth_of(rule_of(g), g.seat, g.members);
    }

    struct Offer {
        double worth = 0;
        std::uint32_t rule = 0, seat = 0;
    };

    void open_round(const std::vector<double>& offer, double slack) {
        std::vector<Offer> offers;
        const auto count = [&](std::uint32_t c) { return free_[c]; };
        for (std::uint32_t k = 0; k < ground_.rules().size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            constexpr std::size_t chunk = 1024;
            std::vector<std::vector<Offer>> found((rule.spots() + chunk - 1) / chunk);
            parallel_chunks(rule.spots(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
                SeatPricer pricer(ground_);
                for (std::size_t s = begin; s < end; ++s) {
                    if ((s & 127) == 0 && control_.stop()) return;
                    const auto seat = static_cast<std::uint32_t>(s);
                    if (!anybody_free(rule, seat)) continue;
                    pricer.load(rule, seat, offer, count);
                    const double upper = pricer.upper(multiplier_[k][seat], -slack);
                    if (upper >= -slack) found[begin / chunk].push_back({upper, k, seat});
                }
            });
            for (const auto& part : found) offers.insert(offers.end(), part.begin(), part.end());
        }
        if (control_.stop()) return;
        std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
            return std::tuple(-a.worth, a.rule, a.seat) < std::tuple(-b.worth, b.rule, b.seat);
        });
        SeatPricer pricer(ground_);
        std::size_t looked = 0;
        for (const Offer& o : offers) {
            const Ground::Rule& rule = ground_.rules()[o.rule];
            for (;;) {
                if ((++looked & 127) == 0 && control_.stop()) return;
                if (!anybody_free(rule, o.seat)) break;
                pricer.load(rule, o.seat, offer, count);
                double& mu = multiplier_[o.rule][o.seat];
                if (pricer.upper(mu, -slack) < -slack) break;
                if (!choose(rule, o.seat, pricer, slack)) break;
                open(o.rule, o.seat);
            }
        }
    }

    [[nodiscard]] bool anybody_free(const Ground::Rule& rule, std::uint32_t seat) const {
        const auto kinds = rule.kinds_at(seat);
        return std::any_of(kinds.begin(), kinds.end(), [&](auto c) { return free_[c] > 0; });
    }

    /// Picks a lawful group among the loaded kinds into picked_; false if none is worth it.
    bool choose(const Ground::Rule& rule, std::uint32_t seat, const SeatPricer& pricer,
                double slack) {
        choice_.candidates.clear();
        option_.clear();
        for (const SeatPricer::Item& item : pricer.items()) {
            for (std::uint32_t f = 0; f < std::min(item.count, rule.most); ++f) {
                const FirmId i = free_firm(item.kind, f);
                choice_.candidates.push_back(
                    {item.worth, amount(i), static_cast<std::uint32_t>(option_.size()), item.home});
                option_.push_back(i);
            }
        }
        if (choice_.choose(rule, -slack - worth) < -slack - worth) return false;
        picked_.clear();
        for (const std::uint32_t p : choice_.chosen()) picked_.push_back(option_[p]);
        return !picked_.empty() && worth_of(rule, seat, picked_) > worth;
    }

    [[nodiscard]] double worth_of(const Ground::Rule& rule, std::uint32_t seat,
                                  std::span<const FirmId> members) const {
        double total = -rule.opening;
        for (const FirmId i : members) {
            const double far = ground_.km(place(i), rule.place[seat]);
            if (far > rule.radius) return -HUGE_VAL;
            total += value(i) - rule.per_km * far;
        }
        return total;
    }

    [[nodiscard]] FirmId free_firm(std::uint32_t kind, std::uint32_t index) const {
        const auto firms = ground_.firms(kind);
        if (free_[kind] == firms.size()) return firms[index];
        for (const FirmId i : firms) {
            if (group_of_[i] == none && index-- == 0) return i;
        }
        return {};
    }

    void open(std::uint32_t rule, std::uint32_t seat) {
        const auto index = static_cast<std::uint32_t>(groups_.size());
        Group group{rule, seat, 0, {}};
        for (const FirmId i : picked_) {
            group.members.push_back(i);
            group.sum += amount(i);
            group_of_[i] = index;
            --free_[ground_.kind_of(i)];
        }
        groups_.push_back(std::move(group));
        next_.push_back(none);
        link(index);
    }

    void link(std::uint32_t g) {
        std::uint32_t& head = at_seat_[groups_[g].rule][groups_[g].seat];
        next_[g] = head;
        head = g;
    }
    void unlink(std::uint32_t g) {
        std::uint32_t* at = &at_seat_[groups_[g].rule][groups_[g].seat];
        while (*at != g) at = &next_[*at];
        *at = next_[g];
    }

    // ---- moves

    /// Stretches of the curve, cut elsewhere in each sweep, with the groups and the firms that are
    /// out of each.
    struct Cut {
        std::size_t length = 1, shift = 0, count = 0;
        std::vector<std::vector<std::uint32_t>> groups;
        std::vector<std::vector<FirmId>> out;
        [[nodiscard]] std::uint32_t of(std::uint32_t place) const {
            return static_cast<std::uint32_t>((place + shift) / length);
        }
    };

    /// As many stretches as leave most groups whole.
    [[nodiscard]] Cut cut_places() {
        constexpr std::size_t most_stretches = 512;
        constexpr double whole = 0.85;
        if (stretches_ == 0) stretches_ = most_stretches;
        Cut cut;
        for (;; stretches_ = (stretches_ + 1) / 2) {
            cut = Cut{};
            cut.length = ground_.places() / stretches_ + 1;
            cut.shift = sweep_ % 3 * cut.length / 3;
            cut.count = (ground_.places() + cut.shift) / cut.length + 1;
            cut.groups.resize(cut.count);
            std::size_t inside = 0, all = 0;
            stretch_.assign(groups_.size(), none);
            for (std::uint32_t g = 0; g < groups_.size(); ++g) {
                const Group& group = groups_[g];
                if (group.seat == none) continue;
                ++all;
                const std::uint32_t s = cut.of(place(group.members.front()));
                if (std::any_of(group.members.begin(), group.members.end(),
                                [&](FirmId i) { return cut.of(place(i)) != s; })) {
                    continue;
                }
                ++inside;
                stretch_[g] = s;
                cut.groups[s].push_back(g);
            }
            if (stretches_ == 1 ||
                static_cast<double>(inside) >= whole * static_cast<double>(all)) {
                break;
            }
        }
        ++sweep_;
        cut.out.resize(cut.count);
        for (std::uint32_t c = 0; c < ground_.kinds(); ++c) {
            if (free_[c] == 0) continue;
            for (const FirmId i : ground_.firms(c)) {
                if (group_of_[i] == none) cut.out[cut.of(ground_.place_of(c))].push_back(i);
            }
        }
        return cut;
    }

    bool sweep_once() {
        const Cut cut = cut_places();
        std::vector<char> changed(cut.count, 0);
        parallel_chunks(cut.count, 1, threads_, [&](std::size_t s, std::size_t) {
            const auto here = static_cast<std::uint32_t>(s);
            const auto near = [&](std::uint32_t p) { return cut.of(p) == here; };
            std::size_t looked = 0;
            bool any = false;
            for (const FirmId i : cut.out[s]) {
                if ((++looked & 63) == 0 && control_.stop()) return;
                any |= insert(i, here, near);
            }
            for (const std::uint32_t g : cut.groups[s]) {
                if ((++looked & 15) == 0 && control_.stop()) return;
                const std::vector<FirmId> members = groups_[g].members;
                for (const FirmId i : members) {
                    if (group_of_[i] == g) any |= transfer(i, here, near);
                }
                any |= reseat(g);
            }
            changed[s] = any ? 1 : 0;
        });
        return std::any_of(changed.begin(), changed.end(), [](char c) { return c != 0; });
    }

  public:
    static constexpr std::size_t exact_block = 14;  ///< firms that are packed exactly

    /// Packs blocks of firms anew around the groups and firms that lose most against their prices.
    void repack(const std::vector<double>& offer, int trials, std::size_t block) {
        Cut cut = cut_places();
        std::vector<std::vector<std::uint32_t>> spare(cut.count);
        for (std::size_t s = 0; s < cut.count; ++s) {
            const std::size_t more = 2 + cut.groups[s].size() / 8 + cut.out[s].size() / 8;
            for (std::size_t k = 0; k < more; ++k) {
                spare[s].push_back(static_cast<std::uint32_t>(groups_.size()));
                groups_.emplace_back();
                next_.push_back(none);
                stretch_.push_back(static_cast<std::uint32_t>(s));
            }
        }
        tried_.assign(groups_.size(), 0);
        parallel_chunks(cut.count, 1, threads_, [&](std::size_t s, std::size_t) {
            repack_stretch(cut, static_cast<std::uint32_t>(s), offer, trials, block, spare[s]);
        });
        drop_dissolved();
    }

  private:
    void repack_stretch(const Cut& cut, std::uint32_t s, const std::vector<double>& offer,
                        int trials, std::size_t block, std::vector<std::uint32_t>& spare) {
        struct Seed {
            double loss;
            std::uint32_t group;
            FirmId firm;
        };
        std::vector<Seed> seeds;
        for (const std::uint32_t g : cut.groups[s]) {
            double loss = -value_of(groups_[g]);
            for (const FirmId i : groups_[g].members) loss += price(i, offer);
            seeds.push_back({loss, g, groups_[g].members.front()});
        }
        for (const FirmId i : cut.out[s]) seeds.push_back({price(i, offer), none, i});
        std::sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) {
            return a.loss > b.loss || (a.loss == b.loss && a.firm < b.firm);
        });
        Repacker repacker(ground_);
        std::vector<std::uint32_t> old;
        std::vector<FirmId> alone;
        std::size_t looked = 0;
        for (const Seed& seed : seeds) {
            if ((++looked & 3) == 0 && control_.stop()) return;
            if (seed.loss <= 1e-6) break;
            if (seed.group == none ? group_of_[seed.firm] != none
                                   : groups_[seed.group].seat == none || tried_[seed.group]) {
                continue;
            }
            gather(cut, s, seed.group, seed.firm, block, old, alone);
            repacker.clear();
            double before = 0;
            for (const std::uint32_t g : old) {
                before += value_of(groups_[g]);
                for (const FirmId i : groups_[g].members) {
                    repacker.add(i, offer[ground_.kind_of(i)]);
                }
            }
            for (const FirmId i : alone) repacker.add(i, offer[ground_.kind_of(i)]);
            const double after = repacker.size() <= exact_block
                                     ? repacker.run_exactly(before, control_)
                                     : repacker.run(trials, seed.firm.value);
            for (const std::uint32_t g : old) tried_[g] = 1;
            if (after <= before + 1e-7) continue;
            put_plan(old, repacker.groups(), s, spare);
        }
    }

    [[nodiscard]] double price(FirmId i, const std::vector<double>& offer) const {
        return std::max(0.0, value(i) - offer[ground_.kind_of(i)]);
    }

    /// Groups of the stretch around a seed, and firms that are out, up to `block` firms.
    void gather(const Cut& cut, std::uint32_t s, std::uint32_t seed, FirmId firm, std::size_t block,
                std::vector<std::uint32_t>& old, std::vector<FirmId>& alone) {
        old.clear();
        alone.clear();
        std::size_t held = 0;
        const auto take = [&](std::uint32_t g) {
            if (std::find(old.begin(), old.end(), g) != old.end()) return;
            if (held > 0 && held + groups_[g].members.size() > block) return;
            old.push_back(g);
            held += groups_[g].members.size();
        };
        if (seed != none) {
            take(seed);
        } else {
            alone.push_back(firm);
            ++held;
        }
        const std::uint32_t kind = ground_.kind_of(firm);
        for (std::uint32_t k = 0; k < ground_.rules().size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            const std::uint32_t spot =
                seed != none && groups_[seed].rule == k ? groups_[seed].seat : rule.spot_of[kind];
            if (spot == none) continue;
            for (const Ground::Near& n : rule.near(spot)) {
                if (held >= block) break;
                if (cut.of(rule.place[n.spot]) != s) continue;
                for (std::uint32_t g = at_seat_[k][n.spot]; g != none && held < block;
                     g = next_[g]) {
                    if (stretch_[g] == s) take(g);
                }
                for (const std::uint32_t c : rule.kinds_at(n.spot)) {
                    if (free_[c] == 0 || held >= block) continue;
                    for (const FirmId i : ground_.firms(c)) {
                        if (group_of_[i] != none || held >= block) continue;
                        if (std::find(alone.begin(), alone.end(), i) != alone.end()) continue;
                        alone.push_back(i);
                        ++held;
                    }
                }
            }
        }
    }

    void put_plan(const std::vector<std::uint32_t>& old, const std::vector<Repacker::Group>& plan,
                  std::uint32_t s, std::vector<std::uint32_t>& spare) {
        if (plan.size() > old.size() + spare.size()) return;
        for (const std::uint32_t g : old) {
            for (const FirmId i : groups_[g].members) {
                group_of_[i] = none;
                ++free_[ground_.kind_of(i)];
            }
            unlink(g);
            groups_[g] = Group{};
            spare.push_back(g);
        }
        for (const Repacker::Group& planned : plan) {
            const std::uint32_t g = spare.back();
            spare.pop_back();
            Group& group = groups_[g];
            group.rule = planned.rule;
            group.seat = planned.seat;
            group.members = planned.members;
            for (const FirmId i : group.members) {
                group.sum += amount(i);
                group_of_[i] = g;
                --free_[ground_.kind_of(i)];
            }
            stretch_[g] = s;
            tried_[g] = 0;
            link(g);
        }
    }

    void drop_dissolved() {
        std::uint32_t kept = 0;
        for (auto& heads : at_seat_) std::fill(heads.begin(), heads.end(), none);
        for (std::uint32_t g = 0; g < groups_.size(); ++g) {
            if (groups_[g].seat == none) continue;
            if (kept != g) groups_[kept] = std::move(groups_[g]);
            for (const FirmId i : groups_[kept].members) group_of_[i] = kept;
            ++kept;
        }
        groups_.resize(kept);
        next_.assign(kept, none);
        for (std::uint32_t g = 0; g < kept; ++g) link(g);
    }

    /// Calls visit(group, km to its seat) for groups of this stretch near a firm, nearest first,
    /// up to a distance.
    template <class Near, class Visit>
    void each_group_near(FirmId i, std::uint32_t stretch, const Near& near, double most_km,
                         const Visit& visit) const {
        const std::uint32_t kind = ground_.kind_of(i);
        for (std::uint32_t k = 0; k < ground_.rules().size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            const std::uint32_t spot = rule.spot_of[kind];
            if (spot == none) continue;
            for (const Ground::Near& n : rule.near(spot)) {
                if (static_cast<double>(n.km) > most_km) break;
                if (!near(rule.place[n.spot])) continue;
                for (std::uint32_t g = at_seat_[k][n.spot]; g != none; g = next_[g]) {
                    if (stretch_[g] == stretch && !visit(g)) return;
                }
            }
        }
    }

    [[nodiscard]] double km(FirmId i, const Group& g) const {
        return ground_.km(place(i), rule_of(g).place[g.seat]);
    }

    template <class Near>
    bool insert(FirmId i, std::uint32_t stretch, const Near& near) {
        double best = worth;
        std::uint32_t where = none;
        each_group_near(i, stretch, near, HUGE_VAL, [&](std::uint32_t g) {
            const Group& group = groups_[g];
            const Ground::Rule& rule = rule_of(group);
            if (!lawful(rule, group.sum + amount(i), group.members.size() + 1)) return true;
            const double far = km(i, group);
            const double gain = value(i) - rule.per_km * far;
            if (gain > best && far <= rule.radius) {
                best = gain;
                where = g;
            }
            return true;
        });
        if (where == none) return false;
        groups_[where].members.push_back(i);
        groups_[where].sum += amount(i);
        group_of_[i] = where;
        --free_[ground_.kind_of(i)];
        return true;
    }

    [[nodiscard]] bool may_join(FirmId i, const Group& g) const {
        const Ground::Rule& rule = rule_of(g);
        const std::uint32_t spot = rule.spot_of[ground_.kind_of(i)];
        return spot != none && rule.cell[spot] == rule.cell[g.seat];
    }

    /// Whether somebody else than i keeps the seat of its group.
    [[nodiscard]] bool seat_stays_without(const Group& g, FirmId i) const {
        const std::uint32_t seat = rule_of(g).place[g.seat];
        if (place(i) != seat) return true;
        return std::any_of(g.members.begin(), g.members.end(),
                           [&](FirmId j) { return !(j == i) && place(j) == seat; });
    }

    /// Moves a firm to a nearer seat, where there is room or in exchange.
    template <class Near>
    bool transfer(FirmId i, std::uint32_t stretch, const Near& near) {
        const std::uint32_t from = group_of_[i];
        Group& g = groups_[from];
        const Ground::Rule& rule = rule_of(g);
        const double here = km(i, g);
        if (here == 0) return false;  // nothing is nearer
        if (!seat_stays_without(g, i)) return false;
        const bool may_leave = lawful(rule, g.sum - amount(i), g.members.size() - 1);
        double best = worth;
        std::uint32_t where = none;
        FirmId other;
        int looked = 0;
        each_group_near(i, stretch, near, here, [&](std::uint32_t to) {
            if (to == from) return true;
            if (++looked > 24) return false;
            const Group& h = groups_[to];
            const Ground::Rule& its = rule_of(h);
            const double far = km(i, h);
            if (far > its.radius) return true;
            const double nearer = rule.per_km * here - its.per_km * far;
            if (may_leave && nearer > best &&
                lawful(its, h.sum + amount(i), h.members.size() + 1)) {
                best = nearer;
                where = to;
                other = FirmId();
            }
            for (const FirmId j : h.members) {
                const double shift = amount(i) - amount(j);
                const double there = km(j, h);
                if (nearer + its.per_km * there <= best) continue;
                if (!lawful(rule, g.sum - shift, g.members.size()) ||
                    !lawful(its, h.sum + shift, h.members.size())) {
                    continue;
                }
                if (!may_join(j, g)) continue;
                const double back = km(j, g);
                const double gain = nearer + its.per_km * there - rule.per_km * back;
                if (gain > best && back <= rule.radius && seat_stays_without(h, j)) {
                    best = gain;
                    where = to;
                    other = j;
                }
            }
            return true;
        });
        if (where == none) return false;
        Group& h = groups_[where];
        replace(g, i, other);
        if (other.known()) {
            replace(h, other, i);
            group_of_[other] = from;
        } else {
            h.members.push_back(i);
            h.sum += amount(i);
        }
        group_of_[i] = where;
        return true;
    }

    void replace(Group& g, FirmId old, FirmId by) {
        const auto at = std::find(g.members.begin(), g.members.end(), old);
        g.sum -= amount(old);
        if (by.known()) {
            *at = by;
            g.sum += amount(by);
        } else {
            g.members.erase(at);
        }
    }

    /// Puts the group where it is worth most among its members' places.
    bool reseat(std::uint32_t index) {
        Group& g = groups_[index];
        const Ground::Rule& rule = rule_of(g);
        std::uint32_t best = g.seat;
        const auto travel = [&](std::uint32_t seat, double limit) {
            double total = 0;
            for (const FirmId i : g.members) {
                const double far = ground_.km(place(i), rule.place[seat]);
                if (far > rule.radius) return HUGE_VAL;
                total += far;
                if (total > limit) return HUGE_VAL;
            }
            return total;
        };
        double least = travel(g.seat, HUGE_VAL);
        std::uint32_t last = g.seat;
        for (const FirmId i : g.members) {
            const std::uint32_t spot = rule.spot_of[ground_.kind_of(i)];
            if (spot == last || spot == g.seat) continue;
            last = spot;
            const double total = travel(spot, least);
            if (total < least - 1e-9) {
                least = total;
                best = spot;
            }
        }
        if (best == g.seat) return false;
        unlink(index);
        g.seat = best;
        link(index);
        return true;
    }

    const Ground& ground_;
    unsigned threads_;
    const Control& control_;
    std::uint32_t sweep_ = 0;
    std::size_t stretches_ = 0;  ///< 0 = not chosen yet
    std::vector<Group> groups_;
    std::vector<std::uint32_t> group_of_, free_, next_, stretch_;
    std::vector<std::vector<std::uint32_t>> at_seat_;  ///< per rule and spot: first group there
    std::vector<std::vector<double>> multiplier_;      ///< per rule and spot
    std::vector<char> tried_;  ///< per group: in a block that was packed anew in this round
    GroupChoice choice_;
    std::vector<FirmId> picked_, option_;
};

}  // namespace libmatch::detail
