// Prints what others can see of a library, one line a member, in an order that does not depend on the compiler.
using System.Reflection;
using System.Text;

namespace Berth.Architecture.Tests;

internal static class PublicApi
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nulls = new();

    public static string Of(Assembly library)
    {
        StringBuilder text = new();
        foreach (Type type in library.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append($"{Kind(type)} {Name(type, full: true)}{Bases(type)}\n");
            foreach (string line in Members(type).Distinct().Order(StringComparer.Ordinal)) text.Append($"    {line}\n");
        }
        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            foreach (string name in Enum.GetNames(type)) yield return $"{name} = {Convert.ToInt64(Enum.Parse(type, name)):d}";
            yield break;
        }
        foreach (FieldInfo field in type.GetFields(All).Where(field => field.IsPublic || field.IsFamily))
        {
            yield return field.IsLiteral ? $"const {Name(field.FieldType)} {field.Name}" : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{Name(field.FieldType)}{Null(Nulls.Create(field))} {field.Name}";
        }
        foreach (PropertyInfo property in type.GetProperties(All))
        {
            string get = Seen(property.GetMethod) ? " get;" : "", set = Seen(property.SetMethod) ? IsInit(property.SetMethod!) ? " init;" : " set;" : "";
            if (get.Length + set.Length == 0) continue;
            string index = property.GetIndexParameters() is { Length: > 0 } parameters ? $"this[{List(parameters)}]" : property.Name;
            yield return $"{((property.GetMethod ?? property.SetMethod)!.IsStatic ? "static " : "")}{Name(property.PropertyType)}{Null(Nulls.Create(property))} {index} {{{get}{set} }}";
        }
        foreach (EventInfo happening in type.GetEvents(All).Where(happening => Seen(happening.AddMethod))) yield return $"event {Name(happening.EventHandlerType!)} {happening.Name}";
        foreach (ConstructorInfo constructor in type.GetConstructors(All).Where(Seen)) yield return $"{type.Name.Split('`')[0]}({List(constructor.GetParameters())})";
        foreach (MethodInfo method in type.GetMethods(All).Where(Seen))
        {
            // A record's own members, and accessors, are said by the type and the property.
            if (method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal)) continue;
            if (method.Name.StartsWith('<') || method.Name is "Equals" or "GetHashCode" or "ToString" or "PrintMembers" or "op_Equality" or "op_Inequality" or "Deconstruct") continue;
            string generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
            string how = method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method.IsVirtual && !method.IsFinal ? "virtual " : "";
            yield return $"{how}{Name(method.ReturnType)}{Null(Nulls.Create(method.ReturnParameter))} {method.Name}{generic}({List(method.GetParameters())})";
        }
    }

    private static bool Seen(MethodBase? method) => method is { } found && (found.IsPublic || ((found.IsFamily || found.IsFamilyOrAssembly) && found.DeclaringType is { IsSealed: false }));

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit");

    private static string List(ParameterInfo[] parameters) =>
        string.Join(", ", parameters.Select(parameter => $"{Way(parameter)}{Name(parameter.ParameterType)}{Null(Nulls.Create(parameter))} {parameter.Name}{(parameter.IsOptional ? " = ..." : "")}"));

    private static string Null(NullabilityInfo info) => info.Type.IsValueType || (info.ReadState != NullabilityState.Nullable && info.WriteState != NullabilityState.Nullable) ? "" : "?";

    private static string Way(ParameterInfo parameter) => !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";

    private static string Kind(Type type)
    {
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        if (typeof(Delegate).IsAssignableFrom(type)) return "delegate";
        bool record = type.GetMethod("<Clone>$") is not null || (type.IsValueType && type.GetMethod("PrintMembers", All) is not null);
        string kind = (record ? "record " : "") + (type.IsValueType ? "struct" : record ? "" : "class");
        string how = type.IsValueType ? "" : type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return (how + kind).TrimEnd();
    }

    private static string Bases(Type type)
    {
        IEnumerable<string> bases = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) && parent != typeof(MulticastDelegate) ? [Name(parent)] : [];
        IEnumerable<Type> faces = type.IsEnum ? [] : type.GetInterfaces();
        string[] all = [.. bases, .. faces.Where(face => face.IsPublic && !face.Name.StartsWith("IEquatable", StringComparison.Ordinal)).Select(face => Name(face)).Order(StringComparer.Ordinal)];
        return all.Length == 0 ? "" : " : " + string.Join(", ", all);
    }

    private static string Name(Type type, bool full = false)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsPointer) return Name(type.GetElementType()!) + "*";
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } inner) return Name(inner) + "?";
        string name = (full ? (type.Namespace + "." + (type.DeclaringType is { } outer ? outer.Name + "." : "")) : "") + type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(argument => Name(argument)))}>" : name;
    }
}
