// Which namespace uses which, from the compiled library: signatures, bases, attributes' absence aside, and every token in every method body.
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Berth.Housemap;

/// <summary>Reads the arrows between the namespaces of one library.</summary>
internal static class CodeArrows
{
    private static readonly Dictionary<int, OpCode> OpCodes = typeof(System.Reflection.Emit.OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (int)(ushort)code.Value);

    public static IReadOnlyList<NamespaceArrow> Read(string library, string root)
    {
        using PEReader file = new(File.OpenRead(library));
        MetadataReader reader = file.GetMetadataReader();
        SortedDictionary<(string, string), string> found = [];
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            string user = TypeUses.FullName(reader, handle), from = TypeUses.Namespace(reader, handle);
            // What the compiler adds (fixed buffers, array data, embedded attributes) lives in no namespace of the house.
            if (!IsInHouse(from, root)) continue;
            HashSet<TypeDefinitionHandle> used = [];
            TypeUses uses = new(reader, used);
            uses.OfType(handle);
            foreach (MethodDefinitionHandle method in reader.GetTypeDefinition(handle).GetMethods()) OfBody(file, reader, method, uses);
            foreach (TypeDefinitionHandle other in used)
            {
                string to = TypeUses.Namespace(reader, other);
                if (to != from && IsInHouse(to, root)) found.TryAdd((from, to), $"{user} -> {TypeUses.FullName(reader, other)}");
            }
        }
        return [.. found.Select(arrow => new NamespaceArrow(arrow.Key.Item1, arrow.Key.Item2, arrow.Value))];
    }

    private static bool IsInHouse(string name, string root) => name == root || name.StartsWith(root + ".", StringComparison.Ordinal);

    private static void OfBody(PEReader file, MetadataReader reader, MethodDefinitionHandle method, TypeUses uses)
    {
        MethodDefinition definition = reader.GetMethodDefinition(method);
        if (definition.RelativeVirtualAddress == 0) return;
        MethodBodyBlock body = file.GetMethodBody(definition.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil) uses.OfLocals(body.LocalSignature);
        BlobReader il = body.GetILReader();
        while (il.RemainingBytes > 0)
        {
            int value = il.ReadByte();
            if (value == 0xfe) value = (value << 8) | il.ReadByte();
            switch (OpCodes[value].OperandType)
            {
                case OperandType.InlineNone: break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar: il.ReadByte(); break;
                case OperandType.InlineVar: il.ReadInt16(); break;
                case OperandType.InlineI8 or OperandType.InlineR: il.ReadInt64(); break;
                case OperandType.InlineSwitch:
                    for (int targets = il.ReadInt32(); targets > 0; targets--) il.ReadInt32();
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    uses.OfToken(MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                default: il.ReadInt32(); break;
            }
        }
    }
}
