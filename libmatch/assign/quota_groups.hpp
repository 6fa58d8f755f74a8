// Which quotas a pair counts for.
//
// Problem: many quotas overlap, each between a set of firms and a set of advisers; whoever prices
// or counts a pair needs the list of quotas that hold it, at once. Method: firms that belong to the
// same quotas are of one kind, and so are advisers; a kind of firm and a kind of adviser share one
// list, and equal lists are stored once: a mix. Complexity: O(members of all quotas + kinds of
// firms x kinds of advisers x quotas of an adviser). Preconditions: the quotas have no faults.
// Deterministic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/core/types.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::detail {

class QuotaGroups {
  public:
    QuotaGroups(std::span<const Quota> quotas, std::size_t firms, std::size_t advisers) {
        std::vector<std::vector<std::uint32_t>> of_firm_kind, of_adviser_kind;
        firm_kind_ = kinds(
            quotas, firms, [](const Quota& q) -> const auto& { return q.firms; }, of_firm_kind);
        adviser_kind_ = kinds(
            quotas, advisers, [](const Quota& q) -> const auto& { return q.advisers; },
            of_adviser_kind);
        adviser_kinds_ = of_adviser_kind.size();
        for (auto& own : of_adviser_kind) {
            for (std::uint32_t q = 0; q < quotas.size(); ++q) {
                if (!quotas[q].advisers) own.push_back(q);
            }
            std::sort(own.begin(), own.end());
        }

        std::map<std::vector<std::uint32_t>, std::uint32_t> number{{{}, 0}};
        mix_of_.resize(of_firm_kind.size() * adviser_kinds_);
        for (std::size_t f = 0; f < of_firm_kind.size(); ++f) {
            std::vector<char> holds(quotas.size(), 0);
            for (std::size_t q = 0; q < quotas.size(); ++q) holds[q] = quotas[q].firms ? 0 : 1;
            for (const std::uint32_t q : of_firm_kind[f]) holds[q] = 1;
            for (std::size_t a = 0; a < adviser_kinds_; ++a) {
                std::vector<std::uint32_t> both;
                for (const std::uint32_t q : of_adviser_kind[a]) {
                    if (holds[q] != 0) both.push_back(q);
                }
                const auto next = static_cast<std::uint32_t>(number.size());
                mix_of_[f * adviser_kinds_ + a] =
                    number.emplace(std::move(both), next).first->second;
            }
        }
        quotas_.resize(number.size());
        for (const auto& [list, mix] : number) quotas_[mix] = list;
        members_.resize(of_firm_kind.size());
        for (std::size_t i = 0; i < firms; ++i) members_[firm_kind_[i]].emplace_back(i);
    }

    [[nodiscard]] std::size_t mixes() const { return quotas_.size(); }
    /// The mix of a pair; 0 = no quota holds it.
    [[nodiscard]] std::uint32_t mix(FirmId i, AdviserId j) const {
        return mix_of_[firm_kind_[i] * adviser_kinds_ + adviser_kind_[j]];
    }
    /// Quotas of a mix, ascending.
    [[nodiscard]] std::span<const std::uint32_t> quotas(std::uint32_t mix) const {
        return quotas_[mix];
    }
    /// Firms of each kind, ascending.
    [[nodiscard]] const std::vector<std::vector<FirmId>>& firms_by_kind() const { return members_; }

  private:
    /// Kind of each of `size` members; `lists`: the quotas that name the kind.
    template <class Members>
    static std::vector<std::uint32_t> kinds(std::span<const Quota> quotas, std::size_t size,
                                            const Members& members_of,
                                            std::vector<std::vector<std::uint32_t>>& lists) {
        std::vector<std::vector<std::uint32_t>> own(size);
        for (std::uint32_t q = 0; q < quotas.size(); ++q) {
            if (const auto& members = members_of(quotas[q])) {
                for (const auto id : *members) own[id].push_back(q);
            }
        }
        std::map<std::vector<std::uint32_t>, std::uint32_t> number;
        std::vector<std::uint32_t> kind(size);
        for (std::size_t k = 0; k < size; ++k) {
            const auto next = static_cast<std::uint32_t>(number.size());
            const auto [at, is_new] = number.emplace(std::move(own[k]), next);
            if (is_new) lists.push_back(at->first);
            kind[k] = at->second;
        }
        return kind;
    }

    std::vector<std::uint32_t> firm_kind_, adviser_kind_;
    std::size_t adviser_kinds_ = 0;
    std::vector<std::uint32_t> mix_of_;  ///< by kind of firm, then kind of adviser
    std::vector<std::vector<std::uint32_t>> quotas_;
    std::vector<std::vector<FirmId>> members_;
};

}  // namespace libmatch::detail
