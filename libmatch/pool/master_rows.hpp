// Rows of the relaxed set-packing problem: the firms at hand, then the sites of limited sessions.
#pragma once

#include <cstdint>
#include <vector>

#include <libmatch/pool/columns.hpp>

namespace libmatch::detail {

struct MasterRows {
    const Board* board;
    const std::vector<std::uint32_t>* row_of;  ///< of firms and, after them, sites
    std::vector<double> room;  ///< per row: 1 for a firm, the sessions left for a site

    /// Calls visit(row) for every row that a column uses.
    template <class Visit>
    void each_row(const Columns& columns, std::size_t g, const Visit& visit) const {
        for (const FirmId i : columns.members(g)) visit((*row_of)[i]);
        const std::uint32_t site = board->site_row(columns.seat(g));
        if (site != Board::none) visit((*row_of)[site]);
    }
};

}  // namespace libmatch::detail
