// A few dozen firms packed anew: groups one after the other, the best above its members' prices
// first, several times with the offers shaken, and the best of these plans.
//
// Complexity: O(trials x groups x seats x firms). Deterministic: the lot depends on the seed alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/random.hpp>
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
};

}  // namespace libmatch::detail
