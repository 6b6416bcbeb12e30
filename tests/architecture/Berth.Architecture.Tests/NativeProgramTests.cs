// What a native program without reflection cannot do, searched for in the compiled libraries.
using System.Reflection;
using System.Reflection.Emit;

namespace Berth.Architecture.Tests;

public sealed class NativeProgramTests
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // Names of enum members are metadata, which our programs are built without: they would print numbers.
    [Theory]
    [InlineData("Berth.Linux")]
    [InlineData("Berth.Oci")]
    [InlineData("Berth.Cgroups")]
    [InlineData("Berth.Runtime")]
    [InlineData("Berth.Rpc")]
    [InlineData("Berth.Shim")]
    public void No_enum_becomes_text_by_reflection(string library)
    {
        List<string> offences = [];
        foreach (Type type in Assembly.Load(library).GetTypes())
        {
            foreach (MethodBase method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
            {
                // What the compiler adds to records for a debugger's sake.
                if (method.Name is "PrintMembers" or "ToString") continue;
                if (Offence(method) is { } offence) offences.Add($"{type.FullName}.{method.Name}: {offence}");
            }
        }
        TheHouse.HasNone(offences);
    }

    private static string? Offence(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } il) return null;
        Type? constrained = null;
        for (int at = 0; at < il.Length;)
        {
            short value = il[at++];
            if (value == 0xFE) value = (short)(0xFE00 | il[at++]);
            OpCode code = Codes[value];
            int operand = code.OperandType is OperandType.InlineSwitch or OperandType.InlineNone ? 0 : BitConverter.ToInt32([.. il.Skip(at).Take(4), 0, 0, 0, 0], 0);
            if (code == OpCodes.Constrained) constrained = Resolve(module => module.ResolveType(operand, OfType(method), OfMethod(method)));
            else if (code.OperandType == OperandType.InlineMethod)
            {
                MethodBase? called = Resolve(module => module.ResolveMethod(operand, OfType(method), OfMethod(method)));
                if (constrained is { IsEnum: true } && called?.Name == "ToString") return $"ToString of {constrained.Name}";
                if (called?.DeclaringType == typeof(Enum) && called.Name != "HasFlag") return $"Enum.{called.Name}";
                if (called is { Name: "AppendFormatted", IsGenericMethod: true } && called.GetGenericArguments()[0].IsEnum) return $"{called.GetGenericArguments()[0].Name} in a text";
                constrained = null;
            }
            at += Size(code.OperandType, il, at);
        }
        return null;

        T? Resolve<T>(Func<Module, T?> resolve) where T : class
        {
            try { return resolve(method.Module); }
            catch (Exception e) when (e is FileNotFoundException or TypeLoadException or ArgumentException) { return null; }
        }
    }

    private static Type[]? OfType(MethodBase method) => method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;

    private static Type[]? OfMethod(MethodBase method) => method.IsGenericMethod ? method.GetGenericArguments() : null;

    private static int Size(OperandType type, byte[] il, int at) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, at),
        _ => 4,
    };
}
