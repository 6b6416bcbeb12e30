// The few types that the compiler itself asks for: this program has no runtime and no library below it.
namespace System
{
    /// <summary>The first word of an object tells its type; no object is ever made here.</summary>
    public class Object { private nint _type; }

    public struct Void { }
    public struct Boolean { }
    public struct Char { }
    public struct SByte { }
    public struct Byte { }
    public struct Int16 { }
    public struct UInt16 { }
    public struct Int32 { }
    public struct UInt32 { }
    public struct Int64 { }
    public struct UInt64 { }
    public struct IntPtr { }
    public struct UIntPtr { }
    public struct Single { }
    public struct Double { }
    public abstract class ValueType { }
    public abstract class Enum : ValueType { }
    public struct Nullable<T> where T : struct { }
    public sealed class String { public readonly int Length; }
    public abstract class Array { }
    public abstract class Delegate { }
    public abstract class MulticastDelegate : Delegate { }
    public struct RuntimeTypeHandle { }
    public struct RuntimeMethodHandle { }
    public struct RuntimeFieldHandle { }
    public class Exception { }
    public class Attribute { }
    public enum AttributeTargets { All = 0x7fff }

    public sealed class AttributeUsageAttribute : Attribute
    {
        public AttributeUsageAttribute(AttributeTargets targets) { }
        public bool AllowMultiple { get; set; }
        public bool Inherited { get; set; }
    }

    /// <summary>Constant bytes of the program ("…"u8), which never move.</summary>
    public readonly unsafe ref struct ReadOnlySpan<T>
    {
        private readonly void* _start;
        private readonly int _length;

        public ReadOnlySpan(void* start, int length)
        {
            _start = start;
            _length = length;
        }

        public ReadOnlySpan(T[] elements, int start, int length)
        {
            _start = null;
            _length = 0;
        }

        public byte* Start => (byte*)_start;
        public int Length => _length;
    }
}

namespace System.Runtime.CompilerServices
{
    public static class RuntimeHelpers { }
    public sealed class IsByRefLikeAttribute : Attribute { }
    public sealed class IsReadOnlyAttribute : Attribute { }
    public sealed class SkipLocalsInitAttribute : Attribute { }
    public enum MethodImplOptions { InternalCall = 0x1000 }
    public sealed class MethodImplAttribute : Attribute { public MethodImplAttribute(MethodImplOptions options) { } }
}

namespace System.Runtime.InteropServices
{
    public enum UnmanagedType { }
    public enum LayoutKind { Sequential = 0, Explicit = 2, Auto = 3 }
    public sealed class StructLayoutAttribute : Attribute
    {
        public int Pack, Size;
        public StructLayoutAttribute(LayoutKind kind) { }
    }
}

namespace System.Runtime
{
    public sealed class RuntimeExportAttribute : Attribute { public RuntimeExportAttribute(string name) { } }
    public sealed class RuntimeImportAttribute : Attribute { public RuntimeImportAttribute(string library, string name) { } }
}

namespace Internal.Runtime.CompilerHelpers
{
    /// <summary>The compiler looks for it, and for nothing in it.</summary>
    internal static class ThrowHelpers { }

    /// <summary>The compiler looks for it; ways into and out of a runtime lead nowhere.</summary>
    internal static class StartupCodeHelpers
    {
        [System.Runtime.RuntimeExport("RhpReversePInvoke")]
        private static void Enter(nint frame) { }

        [System.Runtime.RuntimeExport("RhpReversePInvokeReturn")]
        private static void Leave(nint frame) { }
    }
}
