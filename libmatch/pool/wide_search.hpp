// Pooling at the scale of a country: offers that prove the bound, and groups that come near it, in
// time and memory that grow with the firms alone.
//
// Method: kinds and near spots (ground.hpp), offers by dual ascent with their proof
// (wide_prices.hpp), groups opened in the order of their worth at these offers, moves, and blocks
// of firms packed anew (wide_packing.hpp). It takes no listed sites.
//
// Complexity: O(n log n) and a fixed number of passes over seats and near kinds; memory is linear.
// Anytime: stopped work leaves lawful groups and a true bound. Deterministic for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/pool/ground.hpp>
#include <libmatch/pool/wide_packing.hpp>
#include <libmatch/pool/wide_prices.hpp>

namespace libmatch::detail {

class WideSearch {
  public:
    /// `scale`: the largest value or opening cost in size.
    WideSearch(const PoolProblem& problem, const PoolOptions& options, double scale,
               Control& control)
        : problem_(problem),
          options_(options),
          scale_(scale),
          control_(control),
          ground_(problem, options.threads, control) {}

    [[nodiscard]] const Ground& ground() const { return ground_; }

    /// Groups and prices; reasons and certificate are left to the caller.
    PoolResult run() {
        PoolResult result;
        result.prices = safe_prices();
        result.site_prices.assign(problem_.sites.size(), 0);
        if (!ground_.complete()) return result;
        control_.report("pool", 0.2);
        WidePrices prices(ground_, options_.threads, control_);
        if (!prices.start()) return result;
        for (int step = 0; step < ascents; ++step) {
            const double before = prices.bound();
            if (!prices.ascend()) return result;
            control_.report("pool", 0.2 + 0.03 * step);
            if (prices.bound() > before - enough * std::fabs(before)) break;
        }
        WidePacking packing(ground_, options_.threads, control_);
        std::vector<double> guide = prices.offers();
        prove(prices, result.prices);
        control_.report("pool", 0.4);
        open_first(packing, guide);
        if (!closed(packing.value(), total(result.prices)) &&
            prices.balance(groups_at(packing), balance_steps) && prices.ascend() &&
            prices.ascend()) {
            prove(prices, result.prices);
            guide = prices.offers();
        }
        control_.report("pool", 0.7);
        improve(packing, guide, total(result.prices));
        for (const WidePacking::Group& g : packing.groups()) {
            if (g.seat == WidePacking::none) continue;
            PoolGroup group{g.rule, 0, g.members};
            std::sort(group.members.begin(), group.members.end());
            const Ground::Rule& rule = ground_.rules()[g.rule];
            const auto host =
                std::find_if(group.members.begin(), group.members.end(),
                             [&](FirmId i) { return rule.spot_of[ground_.kind_of(i)] == g.seat; });
            group.seat = host->value;
            result.groups.push_back(std::move(group));
        }
        return result;
    }

  private:
    static constexpr int ascents = 4;
    static constexpr double enough = 3e-4;  ///< an ascent that gains less is the last
    static constexpr int balance_steps = 10;
    static constexpr int repacks = 4;
    static constexpr int trials = 2;
    static constexpr std::size_t many = 200'000;  ///< firms
    static constexpr std::size_t block = 48;      ///< firms packed anew together
    static constexpr std::size_t exact_blocks[repacks] = {12, 12, 13, 14};

    [[nodiscard]] static double total(const std::vector<double>& prices) {
        Sum sum;
        for (const double p : prices) sum.add(p);
        return sum.value();
    }

    [[nodiscard]] bool closed(double value, double bound) const {
        return bound - value <= options_.gap * std::fabs(bound);
    }

    /// Keeps the offers' prices, once proven, if they bound better.
    void prove(WidePrices& offers, std::vector<double>& prices) const {
        const double floor = 1e-10 * scale_;
        if (!offers.prove(floor)) return;
        std::vector<double> proven = prices;
        set_prices(offers.offers(), floor, proven);
        if (total(proven) < total(prices)) prices = std::move(proven);
    }

    [[nodiscard]] std::vector<std::vector<double>> groups_at(const WidePacking& packing) const {
        std::vector<std::vector<double>> at(ground_.rules().size());
        for (std::size_t k = 0; k < at.size(); ++k) at[k].assign(ground_.rules()[k].spots(), 0);
        for (const WidePacking::Group& g : packing.groups()) {
            if (g.seat != WidePacking::none) at[g.rule][g.seat] += 1;
        }
        return at;
    }

    void open_first(WidePacking& packing, const std::vector<double>& offers) const {
        double opening = 0;
        for (const Ground::Rule& rule : ground_.rules()) {
            opening = std::max(opening, std::fabs(rule.opening));
        }
        if (opening == 0) opening = scale_;
        std::vector<double> slacks{0.02, 0.05, 0.1, 0.2, 0.4, 0.8};
        for (double& s : slacks) s *= opening;
        packing.open_groups(offers, slacks);
        packing.improve(1);
        open_rest(packing);
        packing.improve(1);
    }

    void improve(WidePacking& packing, const std::vector<double>& offers, double bound) {
        // Under a limit on sums few groups fit together, and what counts is to find those: small
        // blocks, exactly. Else it is to look far: large ones, roughly.
        const bool limited =
            std::any_of(ground_.rules().begin(), ground_.rules().end(),
                        [](const Ground::Rule& rule) { return std::isfinite(rule.highest); });
        const int rounds = limited && problem_.amount.size() > many ? 2 : repacks;
        double value = packing.value();
        for (int round = 0; round < rounds && !control_.stop(); ++round) {
            if (closed(value, bound)) return;
            control_.report("pool", 0.7 + 0.07 * round);
            packing.repack(offers, trials, limited ? exact_blocks[round] : block);
            packing.improve(1);
            open_rest(packing);
            const double now = packing.value();
            if (now - value <= enough * std::fabs(bound)) return;
            value = now;
        }
    }

    /// Whatever is worth anything.
    void open_rest(WidePacking& packing) const {
        std::vector<double> all(ground_.kinds());
        for (std::uint32_t c = 0; c < all.size(); ++c) all[c] = ground_.value(c);
        const double least = -1e-9 * scale_;
        packing.open_groups(all, std::span(&least, 1));
    }

    /// Prices that no group beats, without any search.
    [[nodiscard]] std::vector<double> safe_prices() const {
        std::vector<double> prices(problem_.amount.size(), 0);
        for (std::size_t i = 0; i < prices.size(); ++i) {
            for (const PoolRule& keyed : problem_.rules) {
                const DossierRule& rule = keyed.rule;
                if (keyed.cell_of(FirmId(i)) == PoolRule::no_cell) continue;
                const double members = rule.opening_cost >= 0 ? rule.max_members : rule.min_members;
                prices[i] =
                    std::max(prices[i], problem_.value_of(FirmId(i)) - rule.opening_cost / members);
            }
            prices[i] += 1e-10 * scale_;
        }
        return prices;
    }

    /// Seats are proven up to the floor, which is paid for by all, twice: once more for the
    /// rounding of the proof itself.
    void set_prices(const std::vector<double>& offers, double floor,
                    std::vector<double>& prices) const {
        std::uint32_t least = ground_.rules().front().least;
        for (const Ground::Rule& rule : ground_.rules()) least = std::min(least, rule.least);
        const double more = 2 * floor / least;
        for (std::size_t i = 0; i < prices.size(); ++i) {
            const FirmId firm(i);
            const double offer = offers[ground_.kind_of(firm)];
            prices[i] = std::max(0.0, problem_.value_of(firm) - offer) + more;
        }
    }

    const PoolProblem& problem_;
    const PoolOptions& options_;
    double scale_;
    Control& control_;
    Ground ground_;
};

}  // namespace libmatch::detail
