// containerd's messages, ours beside those that protoc makes of the same files.
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Oracle;
using Berth.Shim.ShimV2.Protos;
using Google.Protobuf.Reflection;

namespace Berth.Shim.Tests.ShimV2;

public class MessageTests
{
    private static readonly Twins[] All = Twins.In(typeof(TaskService).Assembly,
        [.. typeof(MessageTests).Assembly.GetTypes().Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal)).Select(type => type.GetProperty("Descriptor")?.GetValue(null)).OfType<FileDescriptor>()]);

    [Fact]
    public void Every_message_of_the_files_is_there_once()
    {
        Assert.Equal(All.Length, All.Select(twins => twins.FullName).Distinct().Count());
        Assert.True(All.Length > 90, $"{All.Length} messages");
    }

    [Fact]
    public void What_we_write_Google_reads_and_what_Google_writes_we_read()
    {
        Dice dice = Dice.FromEnvironment();
        for (int i = 0; i < 200; i++)
        {
            foreach (Twins twins in All) twins.SayTheSame(dice);
        }
    }

    [Fact]
    public void Damaged_messages_are_refused_or_mean_what_they_mean_to_Google()
    {
        int count = Dice.Count(20_000), refused = 0;
        Dice dice = Dice.FromEnvironment();
        for (int i = 0; i < count; i++)
        {
            Twins written = All[i % All.Length], read = dice.OneIn(4) ? All[dice.Below(All.Length)] : written;
            if (!read.SurviveTogether(dice.Mutate(ProtobufWriter.ToBytes(Filling.Fill(written.NewOurs(), dice))))) refused++;
        }
        Assert.InRange(refused, count / 20, count * 9 / 10);
    }
}
