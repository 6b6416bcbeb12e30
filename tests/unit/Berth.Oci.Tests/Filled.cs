// Values of every spec record with every property set to something of its own, so that a forgotten or mixed-up member shows.
using System.Collections;
using System.Reflection;

namespace Berth.Oci.Tests;

/// <summary>Fills records by their properties, and compares them by what they hold.</summary>
internal static class Filled
{
    /// <summary>A <typeparamref name="T"/> in which every property differs from its default and from its neighbours.</summary>
    public static T Of<T>() where T : class
    {
        int counter = 0;
        return (T)Value(typeof(T), "", ref counter);
    }

    /// <summary>Whether both hold the same, down to the leaves; says where not.</summary>
    public static void AssertSame(object? expected, object? actual, string path = "")
    {
        if (expected is null || actual is null || expected is string || expected.GetType().IsPrimitive)
        {
            Assert.True(Equals(expected, actual), $"{path}: expected {expected ?? "null"}, found {actual ?? "null"}");
        }
        else if (expected is IDictionary map)
        {
            IDictionary other = (IDictionary)actual;
            Assert.Equal(map.Count, other.Count);
            foreach (object key in map.Keys) AssertSame(map[key], other[key], $"{path}[{key}]");
        }
        else if (expected is IList list)
        {
            IList other = (IList)actual;
            Assert.Equal(list.Count, other.Count);
            for (int i = 0; i < list.Count; i++) AssertSame(list[i], other[i], $"{path}[{i}]");
        }
        else
        {
            foreach (PropertyInfo property in Settable(expected.GetType()))
            {
                AssertSame(property.GetValue(expected), property.GetValue(actual), $"{path}.{property.Name}");
            }
        }
    }

    private static object Value(Type type, string name, ref int counter)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        counter++;
        if (type == typeof(string)) return $"{name}-{counter} ü \"\\ +<>\u2028";
        if (type == typeof(bool)) return true;
        if (type == typeof(ulong)) return ulong.MaxValue - (ulong)counter;
        if (type == typeof(long)) return long.MinValue + counter;
        if (type == typeof(uint)) return uint.MaxValue - (uint)counter;
        if (type == typeof(int)) return int.MinValue + counter;
        if (type == typeof(ushort)) return (ushort)(ushort.MaxValue - counter);
        object value = Activator.CreateInstance(type)!;
        if (value is IList list)
        {
            for (int i = 0; i < 2; i++) list.Add(Value(type.GetGenericArguments()[0], name, ref counter));
        }
        else if (value is IDictionary map)
        {
            for (int i = 0; i < 2; i++) map.Add($"key.{counter}", Value(type.GetGenericArguments()[1], name, ref counter));
        }
        else
        {
            foreach (PropertyInfo property in Settable(type)) property.SetValue(value, Value(property.PropertyType, property.Name, ref counter));
        }
        return value;
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) => type.GetProperties().Where(p => p.SetMethod is not null);
}
