// What members add to the needs of one firm over thresholds, for many advisers at once.
//
// Problem: sum_k max(0, l_jk - t_k) with l_jk = max(0, w_k min(need_k, skill_jk) - base_k), for
// each of some advisers j. Method: the skills of an adviser lie side by side, in fours that one
// instruction treats where the processor has AVX2; the answer is the same bits without. Complexity:
// O(skills) per adviser. Deterministic.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace libmatch::detail {

class SkillRows {
  public:
    /// `skill`: by adviser, then skill.
    SkillRows(std::size_t skills, std::span<const double> skill) : width_((skills + 3) / 4 * 4) {
        const std::size_t advisers = skill.size() / std::max<std::size_t>(1, skills);
        skill_.assign(advisers * width_, 0.0);
        for (std::size_t j = 0; j < advisers; ++j) {
            for (std::size_t k = 0; k < skills; ++k) skill_[j * width_ + k] = skill[j * skills + k];
        }
    }

    /// Of a firm: by skill, with zeros where it needs nothing and behind the last.
    struct Wanted {
        std::vector<double> need, weight, base, threshold;
        void clear(std::size_t width) {
            for (auto* v : {&need, &weight, &base, &threshold}) v->assign(width, 0.0);
        }
    };

    /// A multiple of 4.
    [[nodiscard]] std::size_t width() const { return width_; }
    [[nodiscard]] double skill(std::uint32_t j, std::size_t k) const {
        return skill_[j * width_ + k];
    }

    /// Adds to each sum what the adviser adds over the thresholds.
    void add_gains(const Wanted& firm, std::span<const std::uint32_t> advisers, double* sum) const {
#if defined(__GNUC__) && defined(__x86_64__)
        static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
        if (has_avx2) return add_gains_avx2(firm, advisers, sum);
#endif
        add_gains_plain(firm, advisers, sum);
    }
    /// The same bits, on any processor.
    void add_gains_plain(const Wanted& firm, std::span<const std::uint32_t> advisers,
                         double* sum) const {
        for (std::size_t x = 0; x < advisers.size(); ++x) {
            const double* own = skill_.data() + advisers[x] * width_;
            double lane[4] = {0, 0, 0, 0};
            for (std::size_t k = 0; k < width_; ++k) {
                const double level =
                    std::max(0.0, firm.weight[k] * std::min(firm.need[k], own[k]) - firm.base[k]);
                lane[k % 4] += std::max(0.0, level - firm.threshold[k]);
            }
            sum[x] += (lane[0] + lane[1]) + (lane[2] + lane[3]);
        }
    }

  private:
#if defined(__GNUC__) && defined(__x86_64__)
    __attribute__((target("avx2"))) void add_gains_avx2(const Wanted& firm,
                                                        std::span<const std::uint32_t> advisers,
                                                        double* sum) const {
        using Four = double __attribute__((vector_size(32)));
        const Four zero = {0, 0, 0, 0};
        for (std::size_t x = 0; x < advisers.size(); ++x) {
            const double* own = skill_.data() + advisers[x] * width_;
            Four lane = zero;
            for (std::size_t k = 0; k < width_; k += 4) {
                Four skill, need, weight, base, threshold;  // no row lies on a multiple of 32 bytes
                std::memcpy(&skill, own + k, sizeof skill);
                std::memcpy(&need, firm.need.data() + k, sizeof need);
                std::memcpy(&weight, firm.weight.data() + k, sizeof weight);
                std::memcpy(&base, firm.base.data() + k, sizeof base);
                std::memcpy(&threshold, firm.threshold.data() + k, sizeof threshold);
                Four level = weight * (skill < need ? skill : need) - base;
                level = zero < level ? level : zero;
                const Four over = level - threshold;
                lane += zero < over ? over : zero;
            }
            sum[x] += (lane[0] + lane[1]) + (lane[2] + lane[3]);
        }
    }
#endif

    std::size_t width_;
    std::vector<double> skill_;  ///< by adviser
};

}  // namespace libmatch::detail
