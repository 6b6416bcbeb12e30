// Our class and Google's for the same message, judged beside each other.
using System.Reflection;
using Berth.Rpc.Protobuf;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using OurMessage = Berth.Rpc.Protobuf.IMessage;

namespace Berth.Rpc.Tests.Oracle;

/// <summary>Two classes for one message.</summary>
internal sealed record Twins(string FullName, Type Ours, MessageDescriptor Theirs)
{
    /// <summary>All messages of ours in an assembly, with Google's of the same name in those files and what they import.</summary>
    public static Twins[] In(Assembly ours, params FileDescriptor[] theirs)
    {
        Dictionary<string, MessageDescriptor> found = [];
        foreach (FileDescriptor file in theirs) Collect(file, found);
        return [.. ours.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(OurMessage)))
            .Select(type => (Name: (string?)type.GetField("FullName")?.GetValue(null), type)).Where(one => one.Name is not null)
            .Select(one => new Twins(one.Name!, one.type, found.TryGetValue(one.Name!, out MessageDescriptor? twin) ? twin : throw new InvalidOperationException($"{one.Name} has no twin")))
            .OrderBy(twins => twins.FullName, StringComparer.Ordinal)];
    }

    public OurMessage NewOurs() => (OurMessage)Activator.CreateInstance(Ours)!;

    public Google.Protobuf.IMessage NewTheirs() => (Google.Protobuf.IMessage)Activator.CreateInstance(Theirs.ClrType)!;

    /// <summary>What we write, they read and write again, byte for byte; and the other way round.</summary>
    public void SayTheSame(Dice dice)
    {
        byte[] written = ProtobufWriter.ToBytes(Filling.Fill(NewOurs(), dice));
        Assert.Equal(written, Theirs.Parser.ParseFrom(written).ToByteArray());
        byte[] theirs = Filling.Fill(NewTheirs(), dice).ToByteArray();
        Assert.Equal(theirs, ProtobufWriter.ToBytes(ProtobufReader.Read(theirs, NewOurs())));
        // Two messages one behind the other are one message, in which the second wins or adds.
        byte[] both = [.. written, .. theirs];
        Assert.Equal(Theirs.Parser.ParseFrom(both).ToByteArray(), ProtobufWriter.ToBytes(ProtobufReader.Read(both, NewOurs())));
    }

    /// <summary>Bytes of any origin are refused with the one exception, or mean the same to both; and they allocate within bounds.</summary>
    /// <returns>Whether they were read.</returns>
    public bool SurviveTogether(byte[] bytes)
    {
        OurMessage ours = NewOurs();
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ProtobufReader.Read(bytes, ours);
        }
        catch (ProtobufException fault)
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Bound(bytes));
            Assert.DoesNotContain(fault.Message, char.IsControl);
            return false;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Bound(bytes));
        byte[] written = ProtobufWriter.ToBytes(ours);
        MessageParser parser = Theirs.Parser.WithDiscardUnknownFields(true);
        Assert.True(parser.ParseFrom(bytes).Equals(parser.ParseFrom(written)), $"{FullName} means something else to Google: {Convert.ToHexString(bytes)}, which we write as {Convert.ToHexString(written)}");
        return true;
    }

    // Two bytes can be a nested message; the largest of ours takes some hundred bytes, and its lists are made when they are used.
    private static long Bound(byte[] bytes) => 16_384 + 512L * bytes.Length;

    private static void Collect(FileDescriptor file, Dictionary<string, MessageDescriptor> found)
    {
        foreach (FileDescriptor other in file.Dependencies) Collect(other, found);
        foreach (MessageDescriptor message in file.MessageTypes) Collect(message, found);
    }

    private static void Collect(MessageDescriptor message, Dictionary<string, MessageDescriptor> found)
    {
        found[message.FullName] = message;
        foreach (MessageDescriptor nested in message.NestedTypes) Collect(nested, found);
    }
}
