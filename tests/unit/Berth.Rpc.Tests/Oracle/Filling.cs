// Fills messages with random content: ours by their properties, Google's by their descriptors.
using System.Collections;
using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using OurMessage = Berth.Rpc.Protobuf.IMessage;

namespace Berth.Rpc.Tests.Oracle;

internal static class Filling
{
    private const int MaxDepth = 4;

    /// <summary>Fills one of ours.</summary>
    public static OurMessage Fill(OurMessage message, Dice dice, int depth = 0)
    {
        foreach (PropertyInfo property in message.GetType().GetProperties())
        {
            if (dice.OneIn(3)) continue;
            object? value = property.GetValue(message);
            switch (value)
            {
                case IList list when list is not byte[]:
                    for (int count = dice.Below(4); count > 0; count--) list.Add(Value(property.PropertyType.GetGenericArguments()[0], dice, depth));
                    break;
                case IDictionary map:
                    Type[] pair = property.PropertyType.GetGenericArguments();
                    for (int count = dice.Below(4); count > 0; count--) map[Value(pair[0], dice, depth)!] = Value(pair[1], dice, depth);
                    break;
                default:
                    property.SetValue(message, Value(property.PropertyType, dice, depth));
                    break;
            }
        }
        return message;
    }

    /// <summary>Fills one of Google's.</summary>
    public static IMessage Fill(IMessage message, Dice dice, int depth = 0)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (dice.OneIn(3)) continue;
            if (field.IsMap)
            {
                IDictionary map = (IDictionary)field.Accessor.GetValue(message);
                FieldDescriptor key = field.MessageType.FindFieldByNumber(1), value = field.MessageType.FindFieldByNumber(2);
                for (int count = dice.Below(4); count > 0; count--) map[Value(key, dice, depth)!] = Value(value, dice, MaxDepth - 1);
            }
            else if (field.IsRepeated)
            {
                IList list = (IList)field.Accessor.GetValue(message);
                for (int count = dice.Below(4); count > 0 && (depth < MaxDepth || field.FieldType != FieldType.Message); count--) list.Add(Value(field, dice, depth));
            }
            else if (Value(field, dice, depth) is { } value) field.Accessor.SetValue(message, value);
        }
        return message;
    }

    private static object? Value(Type type, Dice dice, int depth)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) type = inner;
        if (type.IsEnum) return Enum.ToObject(type, (int)dice.Number());
        if (type.IsAssignableTo(typeof(OurMessage)))
        {
            OurMessage nested = (OurMessage)Activator.CreateInstance(type)!;
            return depth < MaxDepth ? Fill(nested, dice, depth + 1) : nested;
        }
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => dice.OneIn(2),
            TypeCode.Int32 => (int)dice.Number(),
            TypeCode.UInt32 => (uint)dice.Number(),
            TypeCode.Int64 => (long)dice.Number(),
            TypeCode.UInt64 => dice.Number(),
            TypeCode.Single => dice.Float(),
            TypeCode.Double => dice.Double(),
            TypeCode.String => dice.Text(),
            _ => type == typeof(byte[]) ? dice.Bytes() : throw new NotSupportedException(type.Name),
        };
    }

    private static object? Value(FieldDescriptor field, Dice dice, int depth) => field.FieldType switch
    {
        FieldType.Message => depth < MaxDepth ? Fill((IMessage)Activator.CreateInstance(field.MessageType.ClrType)!, dice, depth + 1) : null,
        FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, (int)dice.Number()),
        FieldType.Bool => dice.OneIn(2),
        FieldType.String => dice.Text(),
        FieldType.Bytes => ByteString.CopyFrom(dice.Bytes()),
        FieldType.Float => dice.Float(),
        FieldType.Double => dice.Double(),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)dice.Number(),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)dice.Number(),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => (long)dice.Number(),
        _ => dice.Number(),
    };
}
