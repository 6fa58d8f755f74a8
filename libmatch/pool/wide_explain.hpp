// Whether a lawful group can hold a firm of a large pooling problem, and the least amount that is
// missing.
//
// Method: only firms that are out are asked about. At a seat the largest lawful sum that holds a
// firm is the firm, a firm of the seat's own spot and the largest others in reach; a firm looks at
// its own spot first and at the others until one will do.
//
// Complexity: O(firms out x seats in reach x firms in reach) at worst; where firms are many, the
// first seat will do. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/ground.hpp>
#include <libmatch/pool/left_out.hpp>

namespace libmatch::detail {

class SeatsInReach {
  public:
    explicit SeatsInReach(const Ground& ground) : ground_(ground) {}

    /// Whether some seat may hold a lawful group with the firm; else the least that is missing.
    bool meets(FirmId i, double& missing) {
        missing = HUGE_VAL;
        for (const Ground::Rule& rule : ground_.rules()) {
            const std::uint32_t own = rule.spot_of[ground_.kind_of(i)];
            if (own == Ground::none) continue;
            if (can_join(rule, own, i, missing)) return true;
            bool joins = false;
            ground_.each_spot_within(rule, own, [&](std::uint32_t seat) {
                joins = joins || (seat != own && can_join(rule, seat, i, missing));
                return !joins;
            });
            if (joins) return true;
        }
        return false;
    }

  private:
    /// Whether a lawful group with the firm may meet at the seat; else what is missing.
    bool can_join(const Ground::Rule& rule, std::uint32_t seat, FirmId i, double& missing) {
        const std::vector<double>& amount = ground_.problem().amount;
        const std::uint32_t own = rule.spot_of[ground_.kind_of(i)];
        double host = 0;
        std::size_t fixed = 1;
        FirmId at_home = i;
        if (seat != own) {
            for (const std::uint32_t c : rule.kinds_at(seat)) {
                if (amount[ground_.firms(c).back()] <= host) continue;
                at_home = ground_.firms(c).back();
                host = amount[at_home];
            }
            fixed = 2;
        }
        if (rule.most < fixed) return false;
        const double start = amount[i] + host;
        const std::size_t room = rule.most - fixed;
        others_.clear();
        std::size_t firms = fixed;
        bool reached = false;
        double sum = start;
        ground_.each_spot_within(rule, seat, [&](std::uint32_t spot) {
            for (const std::uint32_t c : rule.kinds_at(spot)) {
                for (const FirmId j : ground_.firms(c)) {
                    if (j == i || j == at_home) continue;
                    ++firms;
                    others_.push_back(amount[j]);
                    std::push_heap(others_.begin(), others_.end(), std::greater<>());
                    sum += amount[j];
                    if (others_.size() > room) {
                        std::pop_heap(others_.begin(), others_.end(), std::greater<>());
                        sum -= others_.back();
                        others_.pop_back();
                    }
                    reached = sum >= rule.lowest && firms >= rule.least;
                    if (reached && !std::isfinite(rule.highest)) return false;
                }
            }
            return true;
        });
        if (sum < rule.lowest || firms < rule.least) {
            missing = std::min(missing, std::max(0.0, rule.lowest - sum));
            return false;
        }
        if (!std::isfinite(rule.highest) || smallest_fits(rule, seat, i)) return true;
        missing = 0;
        return false;
    }

    /// Whether the smallest sum of lawful size stays under the upper limit.
    bool smallest_fits(const Ground::Rule& rule, std::uint32_t seat, FirmId i) {
        const std::vector<double>& amount = ground_.problem().amount;
        others_.clear();
        ground_.each_spot_within(rule, seat, [&](std::uint32_t spot) {
            for (const std::uint32_t c : rule.kinds_at(spot)) {
                for (const FirmId j : ground_.firms(c)) {
                    if (!(j == i)) others_.push_back(amount[j]);
                }
            }
            return true;
        });
        std::sort(others_.begin(), others_.end());
        double sum = amount[i];
        for (std::size_t k = 0; k < others_.size() && k + 1 < rule.least; ++k) sum += others_[k];
        return sum <= rule.highest;
    }

    const Ground& ground_;
    std::vector<double> others_;
};

/// Fills reasons, missing amounts and nearest groups. Stopped work calls the firms that it did not
/// come to not_worth.
inline void explain(const Ground& ground, unsigned threads, const Control& control,
                    PoolResult& result) {
    const Bonds bonds(ground.problem());
    LeftOut(ground.problem(), bonds, nullptr, result)
        .answer(threads, [&](FirmId i, double& missing) {
            return !ground.complete() || control.stop() || SeatsInReach(ground).meets(i, missing);
        });
}

}  // namespace libmatch::detail
