// simulation/mutant.h — what is broken on purpose, to see that the checker finds it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace outcry::simulation {

enum class Mutant : std::uint8_t {
  none,
  replay_skips_one,    // what was missed begins one too late
  replay_repeats_one,  // one too early
  lost_sync,           // the disk says that it has synced, and has not
  early_release,       // an event goes out before it is on disk
  no_hold_back,        // live events are delivered while a client catches up
  late_grant,          // a returning client's rooms hear of it when the worker has answered
  forgets_ids,         // a restart forgets which events were accepted
};

struct MutantName {
  Mutant mutant;
  std::string_view name;
};

inline constexpr std::array<MutantName, 8> kMutants{{
    {Mutant::none, "none"},
    {Mutant::replay_skips_one, "replay_skips_one"},
    {Mutant::replay_repeats_one, "replay_repeats_one"},
    {Mutant::lost_sync, "lost_sync"},
    {Mutant::early_release, "early_release"},
    {Mutant::no_hold_back, "no_hold_back"},
    {Mutant::late_grant, "late_grant"},
    {Mutant::forgets_ids, "forgets_ids"},
}};

}  // namespace outcry::simulation
