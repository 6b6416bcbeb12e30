// Messages and services of berth.oracle, made by tools/protogen from everything.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Protos;

/// <summary>berth.oracle.Everything.Inner.Shade</summary>
internal enum EverythingInnerShade
{
    ShadeNone = 0,
    ShadeDark = 1,
}

/// <summary>berth.oracle.Color</summary>
internal enum Color
{
    None = 0,
    Red = 1,
    InfraRed = 2147483647,
    Black = -1,
}

/// <summary>berth.oracle.Everything</summary>
internal sealed partial class Everything : IMessage
{
    public const string FullName = "berth.oracle.Everything";
    private List<bool>? _bools;
    private List<int>? _int32S;
    private List<long>? _int64S;
    private List<uint>? _uint32S;
    private List<ulong>? _uint64S;
    private List<int>? _sint32S;
    private List<long>? _sint64S;
    private List<uint>? _fixed32S;
    private List<ulong>? _fixed64S;
    private List<int>? _sfixed32S;
    private List<long>? _sfixed64S;
    private List<float>? _floats;
    private List<double>? _doubles;
    private List<string>? _strings;
    private List<byte[]>? _bytesList;
    private List<Color>? _colors;
    private List<Tree>? _trees;
    private List<uint>? _loose;
    private List<double>? _looseDoubles;
    private Dictionary<string, string>? _texts;
    private Dictionary<bool, double>? _two;
    private Dictionary<ulong, Color>? _colorsByNumber;
    private Dictionary<int, byte[]>? _bytesByNumber;
    private string? _chosenString;
    private ulong? _chosenNumber;
    private Tree? _chosenTree;
    private Color? _chosenColor;
    private byte[]? _chosenBytes;
    public bool ABool { get; set; }
    public int AnInt32 { get; set; }
    public long AnInt64 { get; set; }
    public uint AUint32 { get; set; }
    public ulong AUint64 { get; set; }
    public int ASint32 { get; set; }
    public long ASint64 { get; set; }
    public uint AFixed32 { get; set; }
    public ulong AFixed64 { get; set; }
    public int ASfixed32 { get; set; }
    public long ASfixed64 { get; set; }
    public float AFloat { get; set; }
    public double ADouble { get; set; }
    public string AString { get; set; } = "";
    public byte[] SomeBytes { get; set; } = [];
    public Color AColor { get; set; }
    public Tree? ATree { get; set; }
    public global::Berth.Rpc.Tests.Protos.Google.Protobuf.Any? AnAny { get; set; }
    public bool? MaybeBool { get; set; }
    public int? MaybeInt32 { get; set; }
    public long? MaybeSint64 { get; set; }
    public uint? MaybeFixed32 { get; set; }
    public double? MaybeDouble { get; set; }
    public string? MaybeString { get; set; }
    public byte[]? MaybeBytes { get; set; }
    public Color? MaybeColor { get; set; }
    public Tree? MaybeTree { get; set; }
    public List<bool> Bools => _bools ??= [];
    public List<int> Int32S => _int32S ??= [];
    public List<long> Int64S => _int64S ??= [];
    public List<uint> Uint32S => _uint32S ??= [];
    public List<ulong> Uint64S => _uint64S ??= [];
    public List<int> Sint32S => _sint32S ??= [];
    public List<long> Sint64S => _sint64S ??= [];
    public List<uint> Fixed32S => _fixed32S ??= [];
    public List<ulong> Fixed64S => _fixed64S ??= [];
    public List<int> Sfixed32S => _sfixed32S ??= [];
    public List<long> Sfixed64S => _sfixed64S ??= [];
    public List<float> Floats => _floats ??= [];
    public List<double> Doubles => _doubles ??= [];
    public List<string> Strings => _strings ??= [];
    public List<byte[]> BytesList => _bytesList ??= [];
    public List<Color> Colors => _colors ??= [];
    public List<Tree> Trees => _trees ??= [];
    public List<uint> Loose => _loose ??= [];
    public List<double> LooseDoubles => _looseDoubles ??= [];
    public Dictionary<string, string> Texts => _texts ??= [];
    public Dictionary<bool, double> Two => _two ??= [];
    public Dictionary<ulong, Color> ColorsByNumber => _colorsByNumber ??= [];
    public Dictionary<int, byte[]> BytesByNumber => _bytesByNumber ??= [];
    public string? ChosenString { get => _chosenString; set { _chosenString = value; _chosenNumber = null; _chosenTree = null; _chosenColor = null; _chosenBytes = null; } }
    public ulong? ChosenNumber { get => _chosenNumber; set { _chosenString = null; _chosenNumber = value; _chosenTree = null; _chosenColor = null; _chosenBytes = null; } }
    public Tree? ChosenTree { get => _chosenTree; set { _chosenString = null; _chosenNumber = null; _chosenTree = value; _chosenColor = null; _chosenBytes = null; } }
    public Color? ChosenColor { get => _chosenColor; set { _chosenString = null; _chosenNumber = null; _chosenTree = null; _chosenColor = value; _chosenBytes = null; } }
    public byte[]? ChosenBytes { get => _chosenBytes; set { _chosenString = null; _chosenNumber = null; _chosenTree = null; _chosenColor = null; _chosenBytes = value; } }
    public string Everything_ { get; set; } = "";
    public string Write_ { get; set; } = "";
    public int Class { get; set; }
    public EverythingInner? Inner { get; set; }
    public string Far { get; set; } = "";
    public string Further { get; set; } = "";
    public string Furthest { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ABool ? 1UL : 0);
        to.Varint(2, (ulong)AnInt32);
        to.Varint(3, (ulong)AnInt64);
        to.Varint(4, AUint32);
        to.Varint(5, AUint64);
        to.Varint(6, ProtobufWriter.ZigZag(ASint32));
        to.Varint(7, ProtobufWriter.ZigZag(ASint64));
        to.Fixed32(8, AFixed32);
        to.Fixed64(9, AFixed64);
        to.Fixed32(10, (uint)ASfixed32);
        to.Fixed64(11, (ulong)ASfixed64);
        to.Fixed32(12, BitConverter.SingleToUInt32Bits(AFloat));
        to.Fixed64(13, BitConverter.DoubleToUInt64Bits(ADouble));
        to.String(14, AString);
        to.Bytes(15, SomeBytes);
        to.Varint(16, (ulong)AColor);
        to.Message(17, ATree);
        to.Message(18, AnAny);
        if (MaybeBool is { } value21) to.PresentVarint(21, value21 ? 1UL : 0);
        if (MaybeInt32 is { } value22) to.PresentVarint(22, (ulong)value22);
        if (MaybeSint64 is { } value23) to.PresentVarint(23, ProtobufWriter.ZigZag(value23));
        if (MaybeFixed32 is { } value24) to.PresentFixed32(24, value24);
        if (MaybeDouble is { } value25) to.PresentFixed64(25, BitConverter.DoubleToUInt64Bits(value25));
        if (MaybeString is { } value26) to.PresentString(26, value26);
        if (MaybeBytes is { } value27) to.PresentBytes(27, value27);
        if (MaybeColor is { } value28) to.PresentVarint(28, (ulong)value28);
        to.Message(29, MaybeTree);
        if (_bools is { Count: > 0 })
        {
            int start = to.Begin(31);
            foreach (bool item in _bools) to.Raw(item ? 1UL : 0);
            to.End(start);
        }
        if (_int32S is { Count: > 0 })
        {
            int start = to.Begin(32);
            foreach (int item in _int32S) to.Raw((ulong)item);
            to.End(start);
        }
        if (_int64S is { Count: > 0 })
        {
            int start = to.Begin(33);
            foreach (long item in _int64S) to.Raw((ulong)item);
            to.End(start);
        }
        if (_uint32S is { Count: > 0 })
        {
            int start = to.Begin(34);
            foreach (uint item in _uint32S) to.Raw(item);
            to.End(start);
        }
        if (_uint64S is { Count: > 0 })
        {
            int start = to.Begin(35);
            foreach (ulong item in _uint64S) to.Raw(item);
            to.End(start);
        }
        if (_sint32S is { Count: > 0 })
        {
            int start = to.Begin(36);
            foreach (int item in _sint32S) to.Raw(ProtobufWriter.ZigZag(item));
            to.End(start);
        }
        if (_sint64S is { Count: > 0 })
        {
            int start = to.Begin(37);
            foreach (long item in _sint64S) to.Raw(ProtobufWriter.ZigZag(item));
            to.End(start);
        }
        if (_fixed32S is { Count: > 0 })
        {
            int start = to.Begin(38);
            foreach (uint item in _fixed32S) to.RawFixed32(item);
            to.End(start);
        }
        if (_fixed64S is { Count: > 0 })
        {
            int start = to.Begin(39);
            foreach (ulong item in _fixed64S) to.RawFixed64(item);
            to.End(start);
        }
        if (_sfixed32S is { Count: > 0 })
        {
            int start = to.Begin(40);
            foreach (int item in _sfixed32S) to.RawFixed32((uint)item);
            to.End(start);
        }
        if (_sfixed64S is { Count: > 0 })
        {
            int start = to.Begin(41);
            foreach (long item in _sfixed64S) to.RawFixed64((ulong)item);
            to.End(start);
        }
        if (_floats is { Count: > 0 })
        {
            int start = to.Begin(42);
            foreach (float item in _floats) to.RawFixed32(BitConverter.SingleToUInt32Bits(item));
            to.End(start);
        }
        if (_doubles is { Count: > 0 })
        {
            int start = to.Begin(43);
            foreach (double item in _doubles) to.RawFixed64(BitConverter.DoubleToUInt64Bits(item));
            to.End(start);
        }
        to.Strings(44, _strings);
        if (_bytesList is not null)
        {
            foreach (byte[] item in _bytesList) to.PresentBytes(45, item);
        }
        if (_colors is { Count: > 0 })
        {
            int start = to.Begin(46);
            foreach (Color item in _colors) to.Raw((ulong)item);
            to.End(start);
        }
        to.Messages(47, _trees);
        if (_loose is not null)
        {
            foreach (uint item in _loose) to.PresentVarint(48, item);
        }
        if (_looseDoubles is not null)
        {
            foreach (double item in _looseDoubles) to.PresentFixed64(49, BitConverter.DoubleToUInt64Bits(item));
        }
        if (_texts is not null)
        {
            foreach ((string key, string value) in _texts)
            {
                int start = to.Begin(51);
                to.String(1, key);
                to.String(2, value);
                to.End(start);
            }
        }
        if (_two is not null)
        {
            foreach ((bool key, double value) in _two)
            {
                int start = to.Begin(53);
                to.Varint(1, key ? 1UL : 0);
                to.Fixed64(2, BitConverter.DoubleToUInt64Bits(value));
                to.End(start);
            }
        }
        if (_colorsByNumber is not null)
        {
            foreach ((ulong key, Color value) in _colorsByNumber)
            {
                int start = to.Begin(54);
                to.Fixed64(1, key);
                to.Varint(2, (ulong)value);
                to.End(start);
            }
        }
        if (_bytesByNumber is not null)
        {
            foreach ((int key, byte[] value) in _bytesByNumber)
            {
                int start = to.Begin(55);
                to.Varint(1, ProtobufWriter.ZigZag(key));
                to.Bytes(2, value);
                to.End(start);
            }
        }
        if (_chosenString is { } value61) to.PresentString(61, value61);
        if (_chosenNumber is { } value62) to.PresentVarint(62, value62);
        to.Message(63, _chosenTree);
        if (_chosenColor is { } value64) to.PresentVarint(64, (ulong)value64);
        if (_chosenBytes is { } value65) to.PresentBytes(65, value65);
        to.String(101, Everything_);
        to.String(102, Write_);
        to.Varint(103, (ulong)Class);
        to.Message(104, Inner);
        to.String(2047, Far);
        to.String(2048, Further);
        to.String(536870911, Furthest);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ABool = from.Varint() != 0; break;
                case 16: AnInt32 = (int)from.Varint(); break;
                case 24: AnInt64 = (long)from.Varint(); break;
                case 32: AUint32 = (uint)from.Varint(); break;
                case 40: AUint64 = from.Varint(); break;
                case 48: ASint32 = from.ZigZag32(); break;
                case 56: ASint64 = from.ZigZag64(); break;
                case 69: AFixed32 = from.Fixed32(); break;
                case 73: AFixed64 = from.Fixed64(); break;
                case 85: ASfixed32 = (int)from.Fixed32(); break;
                case 89: ASfixed64 = (long)from.Fixed64(); break;
                case 101: AFloat = BitConverter.UInt32BitsToSingle(from.Fixed32()); break;
                case 105: ADouble = BitConverter.UInt64BitsToDouble(from.Fixed64()); break;
                case 114: AString = from.String(); break;
                case 122: SomeBytes = from.Bytes(); break;
                case 128: AColor = (Color)(int)from.Varint(); break;
                case 138: from.Message(ATree ??= new()); break;
                case 146: from.Message(AnAny ??= new()); break;
                case 168: MaybeBool = from.Varint() != 0; break;
                case 176: MaybeInt32 = (int)from.Varint(); break;
                case 184: MaybeSint64 = from.ZigZag64(); break;
                case 197: MaybeFixed32 = from.Fixed32(); break;
                case 201: MaybeDouble = BitConverter.UInt64BitsToDouble(from.Fixed64()); break;
                case 210: MaybeString = from.String(); break;
                case 218: MaybeBytes = from.Bytes(); break;
                case 224: MaybeColor = (Color)(int)from.Varint(); break;
                case 234: from.Message(MaybeTree ??= new()); break;
                case 248: Bools.Add(from.Varint() != 0); break;
                case 250:
                {
                    int outer = from.Enter();
                    while (from.More) Bools.Add(from.Varint() != 0);
                    from.Leave(outer);
                    break;
                }
                case 256: Int32S.Add((int)from.Varint()); break;
                case 258:
                {
                    int outer = from.Enter();
                    while (from.More) Int32S.Add((int)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 264: Int64S.Add((long)from.Varint()); break;
                case 266:
                {
                    int outer = from.Enter();
                    while (from.More) Int64S.Add((long)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 272: Uint32S.Add((uint)from.Varint()); break;
                case 274:
                {
                    int outer = from.Enter();
                    while (from.More) Uint32S.Add((uint)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 280: Uint64S.Add(from.Varint()); break;
                case 282:
                {
                    int outer = from.Enter();
                    while (from.More) Uint64S.Add(from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 288: Sint32S.Add(from.ZigZag32()); break;
                case 290:
                {
                    int outer = from.Enter();
                    while (from.More) Sint32S.Add(from.ZigZag32());
                    from.Leave(outer);
                    break;
                }
                case 296: Sint64S.Add(from.ZigZag64()); break;
                case 298:
                {
                    int outer = from.Enter();
                    while (from.More) Sint64S.Add(from.ZigZag64());
                    from.Leave(outer);
                    break;
                }
                case 309: Fixed32S.Add(from.Fixed32()); break;
                case 306:
                {
                    int outer = from.Enter();
                    while (from.More) Fixed32S.Add(from.Fixed32());
                    from.Leave(outer);
                    break;
                }
                case 313: Fixed64S.Add(from.Fixed64()); break;
                case 314:
                {
                    int outer = from.Enter();
                    while (from.More) Fixed64S.Add(from.Fixed64());
                    from.Leave(outer);
                    break;
                }
                case 325: Sfixed32S.Add((int)from.Fixed32()); break;
                case 322:
                {
                    int outer = from.Enter();
                    while (from.More) Sfixed32S.Add((int)from.Fixed32());
                    from.Leave(outer);
                    break;
                }
                case 329: Sfixed64S.Add((long)from.Fixed64()); break;
                case 330:
                {
                    int outer = from.Enter();
                    while (from.More) Sfixed64S.Add((long)from.Fixed64());
                    from.Leave(outer);
                    break;
                }
                case 341: Floats.Add(BitConverter.UInt32BitsToSingle(from.Fixed32())); break;
                case 338:
                {
                    int outer = from.Enter();
                    while (from.More) Floats.Add(BitConverter.UInt32BitsToSingle(from.Fixed32()));
                    from.Leave(outer);
                    break;
                }
                case 345: Doubles.Add(BitConverter.UInt64BitsToDouble(from.Fixed64())); break;
                case 346:
                {
                    int outer = from.Enter();
                    while (from.More) Doubles.Add(BitConverter.UInt64BitsToDouble(from.Fixed64()));
                    from.Leave(outer);
                    break;
                }
                case 354: Strings.Add(from.String()); break;
                case 362: BytesList.Add(from.Bytes()); break;
                case 368: Colors.Add((Color)(int)from.Varint()); break;
                case 370:
                {
                    int outer = from.Enter();
                    while (from.More) Colors.Add((Color)(int)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 378:
                {
                    Tree item = new();
                    from.Message(item);
                    Trees.Add(item);
                    break;
                }
                case 384: Loose.Add((uint)from.Varint()); break;
                case 386:
                {
                    int outer = from.Enter();
                    while (from.More) Loose.Add((uint)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 393: LooseDoubles.Add(BitConverter.UInt64BitsToDouble(from.Fixed64())); break;
                case 394:
                {
                    int outer = from.Enter();
                    while (from.More) LooseDoubles.Add(BitConverter.UInt64BitsToDouble(from.Fixed64()));
                    from.Leave(outer);
                    break;
                }
                case 410:
                {
                    string key = "";
                    string value = "";
                    int outer = from.Enter();
                    while (from.Next())
                    {
                        if (from.Tag == 10) key = from.String();
                        else if (from.Tag == 18) value = from.String();
                        else from.Skip();
                    }
                    from.Leave(outer);
                    Texts[key] = value;
                    break;
                }
                case 426:
                {
                    bool key = default;
                    double value = default;
                    int outer = from.Enter();
                    while (from.Next())
                    {
                        if (from.Tag == 8) key = from.Varint() != 0;
                        else if (from.Tag == 17) value = BitConverter.UInt64BitsToDouble(from.Fixed64());
                        else from.Skip();
                    }
                    from.Leave(outer);
                    Two[key] = value;
                    break;
                }
                case 434:
                {
                    ulong key = default;
                    Color value = default;
                    int outer = from.Enter();
                    while (from.Next())
                    {
                        if (from.Tag == 9) key = from.Fixed64();
                        else if (from.Tag == 16) value = (Color)(int)from.Varint();
                        else from.Skip();
                    }
                    from.Leave(outer);
                    ColorsByNumber[key] = value;
                    break;
                }
                case 442:
                {
                    int key = default;
                    byte[] value = [];
                    int outer = from.Enter();
                    while (from.Next())
                    {
                        if (from.Tag == 8) key = from.ZigZag32();
                        else if (from.Tag == 18) value = from.Bytes();
                        else from.Skip();
                    }
                    from.Leave(outer);
                    BytesByNumber[key] = value;
                    break;
                }
                case 490: ChosenString = from.String(); break;
                case 496: ChosenNumber = from.Varint(); break;
                case 506: from.Message(ChosenTree ??= new()); break;
                case 512: ChosenColor = (Color)(int)from.Varint(); break;
                case 522: ChosenBytes = from.Bytes(); break;
                case 810: Everything_ = from.String(); break;
                case 818: Write_ = from.String(); break;
                case 824: Class = (int)from.Varint(); break;
                case 834: from.Message(Inner ??= new()); break;
                case 16378: Far = from.String(); break;
                case 16386: Further = from.String(); break;
                case 4294967290: Furthest = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.oracle.Everything.Inner</summary>
internal sealed partial class EverythingInner : IMessage
{
    public const string FullName = "berth.oracle.Everything.Inner";
    public EverythingInner? Deeper { get; set; }
    public EverythingInnerShade Shade { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Deeper);
        to.Varint(2, (ulong)Shade);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Deeper ??= new()); break;
                case 16: Shade = (EverythingInnerShade)(int)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.oracle.Tree</summary>
internal sealed partial class Tree : IMessage
{
    public const string FullName = "berth.oracle.Tree";
    private List<Tree>? _branches;
    public string Name { get; set; } = "";
    public List<Tree> Branches => _branches ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Name);
        to.Messages(2, _branches);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Name = from.String(); break;
                case 18:
                {
                    Tree item = new();
                    from.Message(item);
                    Branches.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.oracle.Forest</summary>
internal sealed partial class Forest : IMessage
{
    public const string FullName = "berth.oracle.Forest";
    private Dictionary<int, Tree>? _trees;
    public Dictionary<int, Tree> Trees => _trees ??= [];

    public void Write(ProtobufWriter to)
    {
        if (_trees is not null)
        {
            foreach ((int key, Tree value) in _trees)
            {
                int start = to.Begin(1);
                to.Varint(1, (ulong)key);
                to.Message(2, value);
                to.End(start);
            }
        }
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    int key = default;
                    Tree value = new();
                    int outer = from.Enter();
                    while (from.Next())
                    {
                        if (from.Tag == 8) key = (int)from.Varint();
                        else if (from.Tag == 18) from.Message(value);
                        else from.Skip();
                    }
                    from.Leave(outer);
                    Trees[key] = value;
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.oracle.Echo</summary>
internal abstract partial class EchoService : TtrpcService
{
    public const string FullName = "berth.oracle.Echo";

    protected abstract void Say(Everything request, TtrpcReply<Everything> reply);
    protected abstract void Watch(Tree request, TtrpcCall call);
    protected abstract void Collect(TtrpcCall call);
    protected abstract void Chat(TtrpcCall call);

    protected sealed override bool Dispatch(TtrpcCall call)
    {
        switch (call.Method)
        {
            case "Say": Say(call.Read(new Everything()), new(call)); return true;
            case "Watch": if (ExpectsStream(call)) Watch(call.Read(new Tree()), call); return true;
            case "Collect": if (BringsStream(call)) Collect(call); return true;
            case "Chat": if (BringsStream(call)) Chat(call); return true;
            default: return false;
        }
    }

    /// <summary>For clients.</summary>
    public static class Methods
    {
        public static TtrpcMethod Say => new(EchoService.FullName, "Say");
        public static TtrpcMethod Watch => new(EchoService.FullName, "Watch");
        public static TtrpcMethod Collect => new(EchoService.FullName, "Collect");
        public static TtrpcMethod Chat => new(EchoService.FullName, "Chat");
    }
}
