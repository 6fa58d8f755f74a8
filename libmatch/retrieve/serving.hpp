// Which advisers serve a place, laid out so that a firm finds its best ones without asking most.
//
// Problem: for all firms of a place, territory, distance, proximity, trust and price are common;
// only coverage and bonuses differ. Wanted, for one firm after another: blocks of advisers, the
// most promising first, each with a bound on what it can bring.
//
// Method: advisers are listed by the territories of their zones, one shelf per territory, so only
// those that serve a place are looked at. A shelf is cut into blocks of advisers of like skills (by
// halving along the skill that differs most), once. A block's envelope holds, skill by skill, the
// highest level in it: coverage by the envelope bounds coverage by everybody in the block. Per
// place and prices each block gets its best `common part - price`. Those who work remotely for the
// whole country look the same from everywhere and are priced once for all places.
//
// Complexity: O(advisers x skills x log) once; per place O(advisers that serve it). Memory
// O(advisers x territories in their zones). Deterministic: ties by index.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/retrieve/coverage_block.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::detail {

/// Advisers of one territory, in blocks of like skills.
class Shelf {
  public:
    /// `cut`: squared chord of the unit sphere beyond which an adviser's proximity is 0.
    Shelf(const Scorer& scorer, std::vector<AdviserId> advisers, const std::vector<double>& cut)
        : skills_(static_cast<std::size_t>(scorer.market().advisers.skill.rows())),
          advisers_(std::move(advisers)) {
        const Market& market = scorer.market();
        order(market, 0, advisers_.size());
        blocks_ = (advisers_.size() + block_advisers - 1) / block_advisers;
        const std::size_t rows = (blocks_ + block_advisers - 1) / block_advisers;
        skill_.assign(blocks_ * block_advisers * skills_, 0.0F);
        envelope_.assign(rows * block_advisers * skills_, 0.0F);
        for (std::size_t a = 0; a < advisers_.size(); ++a) {
            const AdviserId j = advisers_[a];
            const std::size_t b = a / block_advisers, lane = a % block_advisers;
            const auto levels = market.advisers.skill.col(static_cast<Eigen::Index>(j.value));
            for (std::size_t k = 0; k < skills_; ++k) {
                const float level = levels[static_cast<Eigen::Index>(k)];
                skill_[(b * skills_ + k) * block_advisers + lane] = level;
                float& most = envelope_[((b / block_advisers) * skills_ + k) * block_advisers +
                                        b % block_advisers];
                most = std::max(most, level);
            }
            const bool remote = market.advisers.remote[j] != 0;
            where_.push_back(market.places[market.advisers.place[j]].point);
            cut_.push_back(remote ? -1 : cut[j]);
            far_.push_back(remote ? scorer.common(PlaceId(0U), j)
                                  : scorer.programme().trust * scorer.trust_of(j));
        }
    }

    [[nodiscard]] std::size_t size() const { return advisers_.size(); }
    [[nodiscard]] std::size_t blocks() const { return blocks_; }
    [[nodiscard]] AdviserId adviser(std::size_t a) const { return advisers_[a]; }
    [[nodiscard]] bool remote(std::size_t a) const { return cut_[a] < 0; }
    /// Common part for firms of a place.
    [[nodiscard]] double common(const Scorer& scorer, PlaceId place, const SpherePoint& here,
                                std::size_t a) const {
        const double dx = here.x - where_[a].x, dy = here.y - where_[a].y,
                     dz = here.z - where_[a].z;
        return dx * dx + dy * dy + dz * dz > cut_[a] ? far_[a] : scorer.common(place, advisers_[a]);
    }
    [[nodiscard]] const float* skill(std::size_t b) const {
        return skill_.data() + b * block_advisers * skills_;
    }
    /// Envelopes of 32 blocks, as if they were the advisers of one.
    [[nodiscard]] const float* envelopes(std::size_t row) const {
        return envelope_.data() + row * block_advisers * skills_;
    }

  private:
    /// Puts advisers of like skills side by side: halves [begin, end) at a whole number of blocks.
    void order(const Market& market, std::size_t begin, std::size_t end) {
        if (end - begin <= block_advisers) return;
        const auto level = [&](AdviserId j, std::size_t k) {
            return market.advisers.skill(static_cast<Eigen::Index>(k),
                                         static_cast<Eigen::Index>(j.value));
        };
        std::size_t widest = 0;
        double spread = -1;
        for (std::size_t k = 0; k < skills_; ++k) {
            double sum = 0, squares = 0;
            for (std::size_t a = begin; a < end; ++a) {
                const auto x = static_cast<double>(level(advisers_[a], k));
                sum += x;
                squares += x * x;
            }
            const double here = squares - sum * sum / static_cast<double>(end - begin);
            if (here > spread) {
                spread = here;
                widest = k;
            }
        }
        const std::size_t blocks = (end - begin + block_advisers - 1) / block_advisers;
        const std::size_t middle = begin + blocks / 2 * block_advisers;
        const auto at = [&](std::size_t a) {
            return advisers_.begin() + static_cast<std::ptrdiff_t>(a);
        };
        std::nth_element(at(begin), at(middle), at(end), [&](AdviserId a, AdviserId b) {
            const float x = level(a, widest), y = level(b, widest);
            return x != y ? x < y : a < b;
        });
        order(market, begin, middle);
        order(market, middle, end);
    }

    std::size_t skills_;
    std::vector<AdviserId> advisers_;
    std::size_t blocks_ = 0;
    std::vector<float> skill_, envelope_;
    std::vector<SpherePoint> where_;
    std::vector<double> cut_, far_;
};

/// A shelf as the firms of one place see it at given prices.
struct PricedShelf {
    const Shelf* shelf = nullptr;
    std::vector<double> common, net;  ///< per adviser; net = common - price, -infinity = excluded
    std::vector<double> head;         ///< largest net value per block
    std::vector<float> offset;        ///< per lane: net - head, rounded up; -infinity = nobody

    void price(const Scorer& scorer, const Shelf& of, PlaceId place,
               std::span<const double> prices) {
        shelf = &of;
        const Market& market = scorer.market();
        const SpherePoint& here = market.places[place].point;
        const bool limited = scorer.programme().max_distance_km < HUGE_VAL;
        common.resize(of.size());
        net.resize(of.size());
        head.assign(of.blocks(), -HUGE_VAL);
        offset.assign(of.blocks() * block_advisers, -HUGE_VALF);
        for (std::size_t a = 0; a < of.size(); ++a) {
            const AdviserId j = of.adviser(a);
            common[a] = of.common(scorer, place, here, a);
            const bool excluded =
                limited && !of.remote(a) && scorer.place_rule(place, j) != Exclusion::none;
            net[a] = excluded ? -HUGE_VAL : common[a] - prices[j];
            double& best = head[a / block_advisers];
            best = std::max(best, net[a]);
        }
        for (std::size_t a = 0; a < of.size(); ++a) {
            if (net[a] == -HUGE_VAL) continue;
            // At most 0. Nearer to 0 than the true one by more than what rounding it, and rounding
            // the sum with a coverage, can take away.
            offset[a] = static_cast<float>((net[a] - head[a / block_advisers]) * (1 - 0x1p-21));
        }
    }
};

/// All shelves of a programme's usable advisers.
class Serving {
  public:
    explicit Serving(const Scorer& scorer) : scorer_(&scorer) {
        const Market& market = scorer.market();
        const Advisers& a = market.advisers;
        std::vector<AdviserId> anywhere, countrywide;
        std::array<std::vector<std::vector<AdviserId>>, 5> of_code;
        for (std::size_t level = 1; level < of_code.size(); ++level)
            of_code[level].resize(market.geography.codes[level].size());
        std::vector<double> cut(a.size());
        for (std::size_t j = 0; j < a.size(); ++j) {
            const AdviserId adviser(j);
            if (scorer.adviser_rule_of(adviser) != Exclusion::none) continue;
            const Zone& zone = a.zone[j];
            if (zone.level == TerritoryLevel::country) {
                (a.remote[j] != 0 ? anywhere : countrywide).push_back(adviser);
            }
            for (std::size_t c = 0; zone.level != TerritoryLevel::country && c < zone.codes.size();
                 ++c) {
                if (c > 0 && zone.codes[c] == zone.codes[c - 1]) continue;
                of_code[static_cast<std::size_t>(zone.level)][zone.codes[c]].push_back(adviser);
            }
            const double half_angle =
                std::min(a.range_km[j] / (2 * earth_radius_km), 1.5707963267948966);
            const double chord = 2 * std::sin(half_angle);
            cut[j] = chord * chord * (1 + 1e-9) + 1e-15;
        }
        shelves_.emplace_back(scorer, std::move(anywhere), cut);
        shelves_.emplace_back(scorer, std::move(countrywide), cut);
        for (std::size_t level = 1; level < of_code.size(); ++level) {
            shelf_of_[level].assign(of_code[level].size(), nobody);
            for (std::size_t c = 0; c < of_code[level].size(); ++c) {
                if (of_code[level][c].empty()) continue;
                shelf_of_[level][c] = static_cast<std::uint32_t>(shelves_.size());
                shelves_.emplace_back(scorer, std::move(of_code[level][c]), cut);
            }
        }
    }

    /// Those who look the same from every place.
    [[nodiscard]] PricedShelf anywhere(std::span<const double> prices) const {
        PricedShelf priced;
        priced.price(*scorer_, shelves_[0], PlaceId(0U), prices);
        return priced;
    }

    /// Prices the other shelves that serve a place; `out` is used again from place to place.
    std::size_t price_at(PlaceId place, std::span<const double> prices,
                         std::array<PricedShelf, 5>& out) const {
        const auto& territory =
            scorer_->market().geography.territory[scorer_->market().places[place].commune];
        std::size_t count = 0;
        const auto add = [&](const Shelf& shelf) {
            if (shelf.size() > 0) out[count++].price(*scorer_, shelf, place, prices);
        };
        add(shelves_[1]);
        for (std::size_t level = 1; level < shelf_of_.size(); ++level) {
            const std::uint32_t shelf = shelf_of_[level][territory[level]];
            if (shelf != nobody) add(shelves_[shelf]);
        }
        return count;
    }

  private:
    static constexpr std::uint32_t nobody = 0xffffffff;
    const Scorer* scorer_;
    std::vector<Shelf> shelves_;  ///< remote for all, on the spot for all, then by territory
    std::array<std::vector<std::uint32_t>, 5> shelf_of_;  ///< by level and code
};

}  // namespace libmatch::detail
