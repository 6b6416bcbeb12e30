// Our messages beside Google's: the same bytes for the same content, and the same content for the same bytes.
using Berth.Oracle;
using Berth.Rpc.Tests.Oracle;
using Ttrpc;

namespace Berth.Rpc.Tests.Protobuf;

public class OracleTests
{
    private static readonly Twins[] All = Twins.In(typeof(OracleTests).Assembly, EverythingReflection.Descriptor, TtrpcReflection.Descriptor);

    [Fact]
    public void What_we_write_Google_reads_and_what_Google_writes_we_read()
    {
        Dice dice = Dice.FromEnvironment();
        for (int i = 0; i < 2000; i++)
        {
            foreach (Twins twins in All) twins.SayTheSame(dice);
        }
    }

    [Fact]
    public void Damaged_messages_are_refused_or_mean_what_they_mean_to_Google()
    {
        int count = Dice.Count(20_000), refused = 0;
        Dice dice = Dice.FromEnvironment();
        // If a map's entry has its value twice, two messages merge, as in Go; Google's C# takes the second alone.
        Twins[] comparable = [.. All.Where(twins => twins.FullName != Forest.Descriptor.FullName)];
        for (int i = 0; i < count; i++)
        {
            // Sometimes as another message than it was: then fields have encodings that nobody expects.
            Twins written = comparable[i % comparable.Length], read = dice.OneIn(4) ? comparable[dice.Below(comparable.Length)] : written;
            byte[] bytes = dice.Mutate(Berth.Rpc.Protobuf.ProtobufWriter.ToBytes(Filling.Fill(written.NewOurs(), dice)));
            if (!read.SurviveTogether(bytes)) refused++;
        }
        Assert.InRange(refused, count / 10, count * 9 / 10);
    }
}
