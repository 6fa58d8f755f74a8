// What several advisers of one firm cover together.
//
// A team S of distinct advisers of firm i is worth
//
//   F_i(S) = sum over j in S of u_ij  +  sum_k w_ik min(need_ik, max over j in S of skill_jk):
//
// each skill is covered by the member who has most of it, up to the need, since advice is given by
// one person at a time and two beginners are no expert. u_ij, of either sign, is what a member
// counts alone: trust, distance, what it costs to have one more. The covered part is monotone and
// submodular: a member adds at most what it would add alone.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <libmatch/core/types.hpp>

namespace libmatch {

struct Team {
    /// No team is larger: demands are at most this.
    static constexpr std::int32_t most_members = 8;

    std::size_t skills = 0;
    std::vector<double> need;    ///< firms x skills, from 0, levels; by rows
    std::vector<double> weight;  ///< firms x skills, from 0: worth of a covered level, score units
    std::vector<double> skill;   ///< advisers x skills, from 0, levels; by rows

    [[nodiscard]] std::span<const double> need_of(FirmId i) const { return row(need, i); }
    [[nodiscard]] std::span<const double> weight_of(FirmId i) const { return row(weight, i); }
    [[nodiscard]] std::span<const double> skill_of(AdviserId j) const { return row(skill, j); }

  private:
    [[nodiscard]] std::span<const double> row(const std::vector<double>& of, std::size_t at) const {
        return std::span(of).subspan(at * skills, skills);
    }
};

}  // namespace libmatch
