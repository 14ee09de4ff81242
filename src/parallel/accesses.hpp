#pragma once

// What a transaction that is being committed asked of the state before the block, for the block's
// witness: the keys that executing it alone, after all before it, would ask for. Each location is
// noted once a round.

#include "parallel/fee_account.hpp"
#include "state/access_log.hpp"

namespace mega::parallel {

/// Before its changes are absorbed. Belongs to whoever commits.
void note_accesses(state::AccessLog& log, FeeAccounts& fees, const Record& record);

}  // namespace mega::parallel
