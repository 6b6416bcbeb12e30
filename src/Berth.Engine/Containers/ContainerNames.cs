// Names for containers that nobody named: two words of the harbour.
using Berth.Linux.Processes;

namespace Berth.Engine.Containers;

/// <summary>Makes names up.</summary>
internal static class ContainerNames
{
    private static ReadOnlySpan<byte> Moods =>
        "able agile amber ample azure bold brave bright brisk broad calm clear clever coastal copper coral crisp dapper daring deep deft eager early fair fleet foggy fresh frosty gallant gentle gilded golden grand hardy hasty hearty humble idle jolly keen kind lively loyal lucid lunar mellow merry mighty misty modest nautic nimble noble polar proud quick quiet rapid ready rosy rugged salty sandy serene sharp silent silver sleek snug solar solid sound spry steady stout sunny swift tidal tidy tranquil trim trusty upbeat vivid warm wavy windy witty zesty"u8;

    private static ReadOnlySpan<byte> Things =>
        "albatross anchor ballast barge barque beacon bollard bosun bow bowsprit breaker brig buoy cabin cape capstan cargo caravel clipper cog compass coracle corvette cove crane current cutter cormorant davit deck derrick dinghy dock dolphin dory estuary fathom felucca fender ferry fjord flagship foresail frigate galleon galley gangway gannet gull halyard harbour hatch haven hawser helm hold hull islet jetty jib junk kedge keel ketch lagoon lantern lateen lighter lighthouse locker lugger mainsail marina mast mooring narwhal oar osprey outrigger packet pelican pier pilot pinnace plover porpoise prow puffin quay raft reef rigging rudder sampan schooner sextant shoal skiff slipway sloop sounding spar spinnaker stern strait tanker tender tern tide tiller topsail trawler tugboat wharf whale winch windlass xebec yacht yawl"u8;

    /// <summary>One more.</summary>
    public static string New()
    {
        Span<byte> random = stackalloc byte[4];
        KernelRandom.Fill(random);
        return $"{Pick(Moods, random[0] | (random[1] << 8))}_{Pick(Things, random[2] | (random[3] << 8))}";
    }

    private static string Pick(ReadOnlySpan<byte> words, int number)
    {
        int count = words.Count((byte)' ') + 1, wanted = number % count;
        while (wanted-- > 0) words = words[(words.IndexOf((byte)' ') + 1)..];
        int end = words.IndexOf((byte)' ');
        return System.Text.Encoding.ASCII.GetString(end < 0 ? words : words[..end]);
    }
}
