// Levels, weights and net values in whole steps of 8 and 16 bits, with what rounding takes.
//
// Problem: net_block.hpp wants whole numbers. Wanted: numbers as fine as fit, and for each firm a
// proven bound on how far a net value in steps is from the score in full. Method: one size of step
// for net values, from the range of scores; levels in halves, quarters ... as the tables need;
// weights of a firm in the largest power of two that fits. What the roundings lose is summed, not
// estimated.
//
// Complexity: O(skills) per firm, once. Memory: about 2 bytes per firm and skill. Deterministic.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <libmatch/core/parallel.hpp>
#include <libmatch/retrieve/firm_kinds.hpp>
#include <libmatch/retrieve/net_block.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::detail {

/// What one whole step of a level and of a net value means.
class Steps {
  public:
    explicit Steps(const Scorer& scorer)
        : range_(scorer.programme().coverage + scorer.programme().proximity +
                 scorer.programme().trust + 1e-9),
          step_(range_ / most) {
        const auto whole = [&](const Eigen::ArrayXXf& levels) {
            return ((levels * level_) == (levels * level_).round()).all();
        };
        const Market& market = scorer.market();
        while (level_ < most_level && !(whole(market.firms.need) && whole(market.advisers.skill)))
            level_ *= 2;
        exact_ = whole(market.firms.need) && whole(market.advisers.skill);
    }

    /// A level, rounded up to steps.
    [[nodiscard]] std::uint8_t level(float x) const {
        return static_cast<std::uint8_t>(std::ceil(x * level_));
    }
    [[nodiscard]] float levels_per_one() const { return level_; }
    /// By how much rounding raised a level at most.
    [[nodiscard]] double level_error() const {
        return exact_ ? 0 : 1 / static_cast<double>(level_);
    }
    /// The size of a step of net values.
    [[nodiscard]] double net() const { return step_; }

    /// Steps of a net value when the lowest price is `low`: no net value is above `most`.
    [[nodiscard]] double of(double net, double low) const {
        return (net - (range_ - low)) / step_ + most;
    }
    /// About the net value of so many steps.
    [[nodiscard]] double value(int steps, double low) const {
        return (steps - most - half_step) * step_ + (range_ - low);
    }
    /// Every net value of at least `net` has at least as many steps; at most 32,767.
    [[nodiscard]] int below(double net, double low) const {
        return static_cast<int>(std::floor(std::clamp(of(net, low), -32'767.0, 32'767.0))) - 1;
    }
    /// Rounded up by at most 1, and never `excluded_net`. Below the range it is not rounded but
    /// raised: see `trusted`.
    [[nodiscard]] std::int16_t offset(double net, double low) const {
        const double steps = std::clamp(of(net, low), -32'766.0, most);
        return static_cast<std::int16_t>(static_cast<int>(steps + 32'768) - 32'767);
    }
    /// How far in steps a net value is from `value` at most: half for its offset, half for its
    /// coverage.
    static constexpr double rounding = 1;
    /// From here on net values of a firm stem from offsets within the range. `coverage`: the steps
    /// that its coverage adds at most.
    [[nodiscard]] static int trusted(int coverage) { return -32'760 + coverage; }

  private:
    static constexpr double half_step = 0.5;  ///< by which offsets are too high on average
    static constexpr double most = 15'000;    ///< twice as many, and a scale of 15 bits, leave room
    static constexpr float most_level = 16;   ///< steps of a level of 1
    double range_, step_;
    float level_ = 1;
    bool exact_ = true;
};

/// What each firm needs, in steps, and the kinds it belongs to.
class FirmCodes {
  public:
    struct Code {
        /// Steps::value is wrong by at most this, in the unit of scores, beside the rounding of
        /// the score in full.
        float error = 0;
        float asked = 0;           ///< Scorer::asked
        std::int16_t trusted = 0;  ///< see Steps::trusted
        std::int16_t scale = 0;
        std::uint8_t shift = 0;
        bool meets = false;  ///< the rules about the firm alone let it meet advisers
        bool noted = false;  ///< it has notes about pairs
        bool sorted = true;  ///< its kinds say all about the rules between firm and adviser
        std::array<std::uint16_t, FirmKinds::rules> kind{};
    };

    FirmCodes(const Scorer& scorer, const Steps& steps, const FirmKinds& kinds, unsigned threads)
        : pairs_((static_cast<std::size_t>(scorer.market().firms.need.rows()) + 1) / 2),
          code_(scorer.market().firms.size()),
          needs_(code_.size() * 2 * pairs_, 0) {
        parallel_chunks(code_.size(), 4'096, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const FirmId firm(i);
                Code& c = code_[i];
                c.meets = scorer.firm_rule(firm) == Exclusion::none;
                c.noted = !scorer.notes(firm).empty();
                for (std::size_t rule = 0; rule < FirmKinds::rules; ++rule) {
                    c.kind[rule] = static_cast<std::uint16_t>(kinds.of(firm, rule));
                    c.sorted = c.sorted && c.kind[rule] < kinds.kinds(rule);
                }
                take_needs(scorer, steps, firm);
            }
        });
    }

    [[nodiscard]] const Code& of(FirmId i) const { return code_[i]; }
    [[nodiscard]] double mean_error() const {
        double sum = 0;
        for (const Code& c : code_) sum += static_cast<double>(c.error);
        return code_.empty() ? 0 : sum / static_cast<double>(code_.size());
    }
    [[nodiscard]] NeedCode needs(FirmId i) const {
        const std::uint16_t* at = needs_.data() + i * 2 * pairs_;
        return {at, at + pairs_, pairs_, code_[i].shift, code_[i].scale};
    }
    /// Asks the processor for a firm whose turn comes soon. Changes speed only.
    void prefetch(FirmId i) const {
#if defined(__GNUC__)
        __builtin_prefetch(&code_[i]);
        __builtin_prefetch(needs_.data() + i * 2 * pairs_);
#else
        static_cast<void>(i);
#endif
    }

  private:
    void take_needs(const Scorer& scorer, const Steps& steps, FirmId i) {
        const auto w = scorer.weights(i);
        const auto needs = scorer.market().firms.need.col(static_cast<Eigen::Index>(i.value));
        const auto skills = static_cast<std::size_t>(needs.size());
        std::uint16_t* need = needs_.data() + i * 2 * pairs_;
        std::uint16_t* weight = need + pairs_;
        const double coverage = scorer.programme().coverage;
        Code& c = code_[i];
        c.asked = scorer.asked(i);
        double error = Steps::rounding * steps.net();
        const auto finish = [&](int covered) {
            c.error = static_cast<float>(error * (1 + 1e-6));
            c.trusted = static_cast<std::int16_t>(Steps::trusted(covered));
        };
        if (!(c.asked > 0)) return finish(1);

        float heaviest = 0, sum = 0, all = 0;
        for (std::size_t k = 0; k < skills; ++k) {
            const auto at = static_cast<Eigen::Index>(k);
            const std::uint8_t n = steps.level(needs[at]);
            if (n == 0) continue;
            need[k / 2] = static_cast<std::uint16_t>(need[k / 2] | n << (k % 2 * 8));
            heaviest = std::max(heaviest, w[at]);
            sum += static_cast<float>(n) * w[at];
            all += static_cast<float>(n);
        }
        // Whole weights as large as fit: at most 127 each, and 32,767 with their needs.
        const float most = std::min(126 / heaviest, std::max(1.0F, 32'000 - all / 2) / sum);
        int exponent = 0;
        std::frexp(most, &exponent);
        const float unit = std::ldexp(1.0F, exponent - 1);  // not above `most`
        int whole = 0;
        double lost = 0, raised = 0;
        for (std::size_t k = 0; k < skills; ++k) {
            const int n = need[k / 2] >> (k % 2 * 8) & 0xff;
            if (n == 0) continue;
            const float x = w[static_cast<Eigen::Index>(k)] * unit;
            const int rounded = static_cast<int>(x + 0.5F);
            weight[k / 2] = static_cast<std::uint16_t>(weight[k / 2] | rounded << (k % 2 * 8));
            whole += rounded * n;
            lost += std::fabs(static_cast<double>(x) - rounded) * n;
            raised += static_cast<double>(x);
        }
        if (whole == 0) {
            error += coverage;
            return finish(1);
        }
        while (whole << (c.shift + 1) <= 32'767) ++c.shift;
        const int covered = whole << c.shift;
        const double per_one = static_cast<double>(unit) * static_cast<double>(c.asked) *
                               static_cast<double>(steps.levels_per_one());
        const double exact =
            coverage / (per_one * steps.net()) * 0x1p15 / static_cast<double>(1 << c.shift);
        c.scale = static_cast<std::int16_t>(std::min(exact + 0.5, 32'767.0));
        const double levels =
            raised * steps.level_error() * static_cast<double>(steps.levels_per_one());
        error += std::fabs(exact - c.scale) * covered * 0x1p-15 * steps.net() +
                 (lost + levels) * coverage / per_one;
        finish((covered * c.scale >> 15) + 1);
    }

    std::size_t pairs_;
    std::vector<Code> code_;
    std::vector<std::uint16_t> needs_;  ///< per firm its needs, then its weights
};

}  // namespace libmatch::detail
