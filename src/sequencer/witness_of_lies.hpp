#pragma once

namespace mega::sequencer {

/// Whether a block gets a witness although its state is not what its transactions made of it. No:
/// such a state was set by hand, and no execution leads to it. The test program mega_faulty links
/// another answer, because a sequencer that lies would not refuse.
[[nodiscard]] bool serves_witnesses_of_lies();

}  // namespace mega::sequencer
