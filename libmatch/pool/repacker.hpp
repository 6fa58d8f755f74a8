// A few dozen firms packed anew: groups one after the other, the best above its members' prices
// first, several times with the offers shaken, and the best of these plans; or a dozen firms, as
// well as they can be packed at all.
//
// Complexity: O(trials x groups x seats x firms), or exponential in a dozen firms. Deterministic:
// the lot depends on the seed alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/pool/disjoint_sets.hpp>
#include <libmatch/pool/ground.hpp>
#include <libmatch/pool/group_choice.hpp>

namespace libmatch::detail {

class Repacker {
  public:
    struct Group {
        std::uint32_t rule = 0, seat = 0;
        double worth = 0;
        std::vector<FirmId> members;
    };

    explicit Repacker(const Ground& ground) : ground_(ground) {}

    void clear() { firms_.clear(); }
    void add(FirmId i, double offer) {
        const std::uint32_t kind = ground_.kind_of(i);
        firms_.push_back({i, kind, offer, ground_.problem().value_of(i),
                          ground_.problem().amount[i], 0, offer, true});
    }
    [[nodiscard]] std::size_t size() const { return firms_.size(); }

    /// Packs the firms; the plan is in groups(). Returns its value.
    double run(int trials, std::uint64_t seed) {
        lay_out();
        Random random(seed);
        double best = 0;
        best_groups_.clear();
        for (int trial = 0; trial < trials; ++trial) {
            for (Firm& f : firms_) {
                f.now = trial == 0 ? f.offer : f.offer * (1 + shake * (random.uniform() - 0.5));
                f.out = true;
            }
            const double value = pack();
            if (value > best) {
                best = value;
                best_groups_.swap(groups_);
            }
        }
        return best;
    }
    /// The best plan of all, if it is worth more than `known`; else 0 and no groups. Firms are
    /// left out of sight that the offers say to be of no use.
    double run_exactly(double known, const Control& control) {
        lay_out();
        best_groups_.clear();
        std::vector<double> prices;
        for (const Firm& f : firms_) prices.push_back(std::max(0.0, f.value - f.offer));
        sets_.clear(prices, known);
        for (std::uint32_t k = 0; k < ground_.rules().size(); ++k) {
            chosen_.clear();
            list_groups(k, 0, 0, 0, 0);
            if (control.stop()) return 0;
        }
        if (!sets_.solve(control)) return 0;
        double total = 0;
        for (const DisjointSets::Set& set : sets_.best()) {
            Group group{set.rule, set.seat, set.worth, {}};
            for (std::size_t k = 0; k < firms_.size(); ++k) {
                if (set.mask >> k & 1) group.members.push_back(firms_[k].id);
            }
            total += set.worth;
            best_groups_.push_back(std::move(group));
        }
        return total;
    }

    [[nodiscard]] const std::vector<Group>& groups() const { return best_groups_; }

  private:
    static constexpr double shake = 0.5;

    struct Firm {
        FirmId id;
        std::uint32_t kind = 0;
        double offer = 0, value = 0, amount = 0;
        std::uint32_t place = 0;  ///< local
        double now = 0;           ///< the offer of this trial
        bool out = true;
    };
    struct Seat {
        std::uint32_t rule = 0, spot = 0, place = 0;
        double reduced = 0;
        std::vector<std::uint32_t> chosen;
    };

    void lay_out() {
        places_.clear();
        for (Firm& f : firms_) places_.push_back(ground_.place_of(f.kind));
        std::sort(places_.begin(), places_.end());
        places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
        for (Firm& f : firms_) {
            const auto at =
                std::lower_bound(places_.begin(), places_.end(), ground_.place_of(f.kind));
            f.place = static_cast<std::uint32_t>(at - places_.begin());
        }
        const std::size_t p = places_.size();
        km_.resize(p * p);
        for (std::size_t a = 0; a < p; ++a) {
            km_[a * p + a] = 0;
            for (std::size_t b = 0; b < a; ++b) {
                km_[a * p + b] = km_[b * p + a] = ground_.quick_km(places_[a], places_[b]);
            }
        }
        std::size_t count = 0;
        for (std::uint32_t k = 0; k < ground_.rules().size(); ++k) {
            const Ground::Rule& rule = ground_.rules()[k];
            spots_.clear();
            for (const Firm& f : firms_) {
                if (rule.spot_of[f.kind] != Ground::none) {
                    spots_.emplace_back(rule.spot_of[f.kind], f.place);
                }
            }
            std::sort(spots_.begin(), spots_.end());
            spots_.erase(std::unique(spots_.begin(), spots_.end()), spots_.end());
            for (const auto& [spot, place] : spots_) {
                if (count == seats_.size()) seats_.emplace_back();
                Seat& seat = seats_[count++];
                seat.rule = k;
                seat.spot = spot;
                seat.place = place;
            }
        }
        seat_count_ = count;
    }

    /// Hands the lawful groups that hold chosen_ and firms from `at` on to sets_.
    void list_groups(std::uint32_t k, std::uint32_t at, std::uint32_t mask, double sum,
                     double value) {
        const Ground::Rule& rule = ground_.rules()[k];
        if (mask != 0 && chosen_.size() >= rule.least && sum >= rule.lowest) {
            add_group(k, mask, value - rule.opening);
        }
        if (chosen_.size() == rule.most) return;
        for (std::uint32_t f = at; f < firms_.size(); ++f) {
            const Firm& firm = firms_[f];
            const std::uint32_t spot = rule.spot_of[firm.kind];
            if (spot == Ground::none || sum + firm.amount > rule.highest) continue;
            if (!chosen_.empty() &&
                rule.cell[spot] != rule.cell[rule.spot_of[firms_[chosen_[0]].kind]]) {
                continue;
            }
            chosen_.push_back(f);
            list_groups(k, f + 1, mask | 1U << f, sum + firm.amount, value + firm.value);
            chosen_.pop_back();
        }
    }

    /// The group of chosen_ at the best of its members' places; `value` is before travel.
    void add_group(std::uint32_t k, std::uint32_t mask, double value) {
        const Ground::Rule& rule = ground_.rules()[k];
        const double room = value - sets_.wanted(mask);
        if (room <= 0) return;
        double least = HUGE_VAL;
        std::uint32_t seat = 0;
        for (const std::uint32_t home : chosen_) {
            const double* km = km_.data() + firms_[home].place * places_.size();
            double total = 0;
            for (const std::uint32_t f : chosen_) {
                const double far = km[firms_[f].place];
                total = far * (1 + 1e-6) > rule.radius ? HUGE_VAL : total + far;
            }
            if (total < least) {
                least = total;
                seat = rule.spot_of[firms_[home].kind];
            }
        }
        if (least < HUGE_VAL) sets_.add({mask, value - rule.per_km * least, k, seat});
    }

    void look_at(Seat& seat) {
        const Ground::Rule& rule = ground_.rules()[seat.rule];
        const std::uint32_t cell = rule.cell[seat.spot];
        choice_.candidates.clear();
        const double* km = km_.data() + seat.place * places_.size();
        for (std::uint32_t k = 0; k < firms_.size(); ++k) {
            const Firm& f = firms_[k];
            if (!f.out) continue;
            const std::uint32_t spot = rule.spot_of[f.kind];
            if (spot == Ground::none || rule.cell[spot] != cell) continue;
            const double far = km[f.place];
            if (far * (1 + 1e-6) > rule.radius) continue;
            choice_.candidates.push_back(
                {f.now - rule.per_km * far, f.amount, k, spot == seat.spot});
        }
        seat.reduced = choice_.choose(rule, -HUGE_VAL);
        seat.chosen = choice_.chosen();
    }

    [[nodiscard]] double worth(const Seat& seat) const {
        const Ground::Rule& rule = ground_.rules()[seat.rule];
        const double* km = km_.data() + seat.place * places_.size();
        double total = -rule.opening;
        for (const std::uint32_t k : seat.chosen) {
            total += firms_[k].value - rule.per_km * km[firms_[k].place];
        }
        return total;
    }

    double pack() {
        groups_.clear();
        places_of_groups_.clear();
        for (std::size_t s = 0; s < seat_count_; ++s) look_at(seats_[s]);
        double total = 0;
        for (;;) {
            const Seat* best = nullptr;
            for (std::size_t s = 0; s < seat_count_; ++s) {
                const Seat& seat = seats_[s];
                if (seat.chosen.empty() || (best != nullptr && seat.reduced <= best->reduced)) {
                    continue;
                }
                if (worth(seat) > 1e-9) best = &seat;
            }
            if (best == nullptr) break;
            Group group{best->rule, best->spot, worth(*best), {}};
            for (const std::uint32_t k : best->chosen) {
                group.members.push_back(firms_[k].id);
                firms_[k].out = false;
            }
            total += group.worth;
            groups_.push_back(std::move(group));
            places_of_groups_.push_back(best->place);
            for (std::size_t s = 0; s < seat_count_; ++s) {
                Seat& seat = seats_[s];
                if (std::any_of(seat.chosen.begin(), seat.chosen.end(),
                                [&](std::uint32_t k) { return !firms_[k].out; })) {
                    look_at(seat);
                }
            }
        }
        return total + put_in();
    }

    /// Firms that are still out join groups with room; returns what they bring.
    double put_in() {
        double total = 0;
        for (Firm& f : firms_) {
            if (!f.out) continue;
            double best = 1e-9;
            std::size_t where = groups_.size();
            for (std::size_t g = 0; g < groups_.size(); ++g) {
                const Ground::Rule& rule = ground_.rules()[groups_[g].rule];
                const std::uint32_t spot = rule.spot_of[f.kind];
                const double far = km_[places_of_groups_[g] * places_.size() + f.place];
                const double gain = f.value - rule.per_km * far;
                if (gain <= best || groups_[g].members.size() >= rule.most ||
                    far * (1 + 1e-6) > rule.radius || spot == Ground::none ||
                    rule.cell[spot] != rule.cell[groups_[g].seat]) {
                    continue;
                }
                double sum = f.amount;
                for (const FirmId i : groups_[g].members) sum += ground_.problem().amount[i];
                if (sum > rule.highest) continue;
                best = gain;
                where = g;
            }
            if (where == groups_.size()) continue;
            groups_[where].members.push_back(f.id);
            groups_[where].worth += best;
            f.out = false;
            total += best;
        }
        return total;
    }

    const Ground& ground_;
    std::vector<Firm> firms_;
    std::vector<std::uint32_t> places_, places_of_groups_;
    std::vector<double> km_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> spots_;
    std::vector<Seat> seats_;
    std::size_t seat_count_ = 0;
    std::vector<Group> groups_, best_groups_;
    GroupChoice choice_;
    DisjointSets sets_;
    std::vector<std::uint32_t> chosen_;  ///< firms of a group that is listed
};

}  // namespace libmatch::detail
