// Index types and units used by every layer.
//
// Ids are strings outside the library and dense 32-bit indices inside. Each kind of index is a type
// of its own, so that an adviser cannot be passed where a firm is expected. Counts of pairs and
// arcs are 64-bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace libmatch {

/// A dense index of one kind of thing. Converts to std::size_t to index arrays; made explicitly.
template <class Tag>
struct Index {
    static constexpr std::uint32_t missing = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t value = missing;

    constexpr Index() = default;
    constexpr explicit Index(std::uint32_t v) : value(v) {}
    constexpr explicit Index(std::size_t v) : value(static_cast<std::uint32_t>(v)) {}

    /// False for the default-made index, which means "none".
    [[nodiscard]] constexpr bool known() const { return value != missing; }
    constexpr operator std::size_t() const { return value; }

    friend constexpr bool operator==(Index a, Index b) { return a.value == b.value; }
    friend constexpr bool operator<(Index a, Index b) { return a.value < b.value; }
};

using FirmId = Index<struct FirmTag>;
using AdviserId = Index<struct AdviserTag>;
using PlaceId = Index<struct PlaceTag>;  ///< one distinct location: a commune, or a point in it
using SchemeId = Index<struct SchemeTag>;
using LenderId = Index<struct LenderTag>;
using ResourceId = Index<struct ResourceTag>;
using ProgrammeId = Index<struct ProgrammeTag>;
using RuleId = Index<struct RuleTag>;  ///< a dossier rule
using DossierId = Index<struct DossierTag>;
using SiteId = Index<struct SiteTag>;  ///< a listed place to meet

/// Number of pairs or arcs: can exceed 32 bits at national scale.
using PairCount = std::int64_t;

}  // namespace libmatch

template <class Tag>
struct std::hash<libmatch::Index<Tag>> {
    std::size_t operator()(libmatch::Index<Tag> i) const noexcept { return i.value; }
};
