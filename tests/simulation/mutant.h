// simulation/mutant.h — what is broken on purpose, to see that the checker finds it.
//
// The product stays as it is: mutants.cpp stands between its functions and those who call them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace outcry::simulation {

enum class Mutant : std::uint8_t {
  none,
  replay_skips_one,       // what was missed begins one too late
  replay_repeats_one,     // one too early
  lost_sync,              // the disk says that it has synced, and has not
  early_release,          // an event goes out before it is on disk
  no_hold_back,           // live events are delivered after the first part of what was missed
  late_grant,             // a client's rooms hear of it one task too late
  forgets_ids,            // a restart forgets which events were accepted
  mixes_rooms,            // who joins a room joins the one that was joined before as well
  connect_last,           // an event is sent ahead of the answer to CONNECT
  short_write_for_whole,  // what a socket didn't take is taken for sent
  forgets_the_rest,       // nobody asks for the second part of what was missed
};

struct MutantName {
  Mutant mutant;
  std::string_view name;
};

inline constexpr std::array<MutantName, 12> kMutants{{
    {Mutant::none, "none"},
    {Mutant::replay_skips_one, "replay_skips_one"},
    {Mutant::replay_repeats_one, "replay_repeats_one"},
    {Mutant::lost_sync, "lost_sync"},
    {Mutant::early_release, "early_release"},
    {Mutant::no_hold_back, "no_hold_back"},
    {Mutant::late_grant, "late_grant"},
    {Mutant::forgets_ids, "forgets_ids"},
    {Mutant::mixes_rooms, "mixes_rooms"},
    {Mutant::connect_last, "connect_last"},
    {Mutant::short_write_for_whole, "short_write_for_whole"},
    {Mutant::forgets_the_rest, "forgets_the_rest"},
}};

/// Of the run on this thread.
inline thread_local Mutant t_mutant = Mutant::none;

/// A task of the control thread has ended; the node has.
void after_control_task();
void forget_node();

}  // namespace outcry::simulation
